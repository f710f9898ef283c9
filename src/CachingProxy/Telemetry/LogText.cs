using System.Buffers;
using System.Globalization;
using System.Text;

namespace CachingProxy.Telemetry;

/// <summary>Makes texts of clients fit for a line: no control characters, and a limited length.</summary>
internal static class LogText
{
    /// <summary>The longest target that is written; the rest is left out.</summary>
    public const int MaxTarget = 2048;

    /// <summary>The longest of all other texts.</summary>
    public const int MaxText = 256;

    private static readonly SearchValues<char> Plain = SearchValues.Create([
        .. Enumerable.Range(0x20, 0x7f - 0x20).Select(letter => (char)letter).Where(letter => letter is not ('"' or '\\')),
    ]);

    /// <summary>
    /// Returns a text with everything escaped that could end a line, move the cursor of a terminal or close a quotation: <c>\xHH</c>, as
    /// nginx writes it. A text of a request holds bytes, each as one character.
    /// </summary>
    public static string Of(string text, int maxLength = MaxText)
    {
        var isCut = text.Length > maxLength;
        if (!isCut && !text.AsSpan().ContainsAnyExcept(Plain))
        {
            return text;
        }

        var clean = new StringBuilder(text.Length + 16);
        foreach (var letter in text.AsSpan(0, Math.Min(text.Length, maxLength)))
        {
            if (Plain.Contains(letter))
            {
                clean.Append(letter);
            }
            else if (letter <= 0xff)
            {
                clean.Append(CultureInfo.InvariantCulture, $"\\x{(int)letter:X2}");
            }
            else
            {
                clean.Append(CultureInfo.InvariantCulture, $"\\u{(int)letter:X4}");
            }
        }

        return isCut ? clean.Append("...").ToString() : clean.ToString();
    }
}
