using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace CachingProxy.Core.StructuredFields;

/// <summary>Reads values of the eight types (RFC 9651 §4.2.3.1 and the sections after it).</summary>
internal static class BareItemParser
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads one value from the beginning of <paramref name="rest"/> and leaves what comes after it.</summary>
    public static bool TryRead(ref ReadOnlySpan<char> rest, out BareItem value)
    {
        value = null!;
        return !rest.IsEmpty
            && rest[0] switch
            {
                '"' => TryString(ref rest, out value),
                '*' or (>= 'A' and <= 'Z') or (>= 'a' and <= 'z') => TryToken(ref rest, out value),
                ':' => TryBytes(ref rest, out value),
                '?' => TryBoolean(ref rest, out value),
                '@' => TryDate(ref rest, out value),
                '%' => TryDisplayString(ref rest, out value),
                _ => TryNumber(ref rest, out value),
            };
    }

    private static bool TryNumber(ref ReadOnlySpan<char> rest, out BareItem value)
    {
        value = null!;
        var digits = rest.StartsWith('-') ? rest[1..] : rest;
        var sign = rest.Length - digits.Length;
        var whole = CountDigits(digits);
        var fraction = whole < digits.Length && digits[whole] == '.' ? CountDigits(digits[(whole + 1)..]) : -1;
        if (whole == 0 || (fraction < 0 && whole > 15) || (fraction >= 0 && (whole > 12 || fraction is 0 or > 3)))
        {
            return false;
        }

        var length = sign + whole + (fraction < 0 ? 0 : fraction + 1);
        var text = rest[..length];
        rest = rest[length..];
        value =
            fraction < 0
                ? new BareItem.Integer(long.Parse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture))
                : new BareItem.Decimal(
                    decimal.Parse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture)
                );
        return true;
    }

    private static bool TryString(ref ReadOnlySpan<char> rest, out BareItem value)
    {
        value = null!;
        var text = new StringBuilder();
        for (var i = 1; i < rest.Length; i++)
        {
            var letter = rest[i];
            if (letter == '"')
            {
                rest = rest[(i + 1)..];
                value = new BareItem.String(text.ToString());
                return true;
            }

            if (letter == '\\' && (++i == rest.Length || (letter = rest[i]) is not ('"' or '\\')))
            {
                return false;
            }

            if (letter is < ' ' or > '~')
            {
                return false;
            }

            text.Append(letter);
        }

        return false;
    }

    private static bool TryToken(ref ReadOnlySpan<char> rest, out BareItem value)
    {
        var end = rest.IndexOfAnyExcept(StructuredFieldSyntax.TokenCharacters);
        var token = (end < 0 ? rest : rest[..end]).ToString();
        rest = rest[token.Length..];
        value = new BareItem.Token(token);
        return true;
    }

    private static bool TryBytes(ref ReadOnlySpan<char> rest, out BareItem value)
    {
        value = null!;
        var end = rest[1..].IndexOf(':');
        if (end < 0 || rest[1..(end + 1)].ContainsAny(" \t\r\n"))
        {
            return false;
        }

        // RFC 9651 §4.2.7: padding that is missing is no fault.
        var text = rest[1..(end + 1)].TrimEnd('=').ToString();
        var bytes = new byte[(text.Length * 3 / 4) + 3];
        if (!Convert.TryFromBase64String(text.PadRight((text.Length + 3) / 4 * 4, '='), bytes, out var count))
        {
            return false;
        }

        rest = rest[(end + 2)..];
        value = new BareItem.ByteSequence(ImmutableArray.Create(bytes, 0, count));
        return true;
    }

    private static bool TryBoolean(ref ReadOnlySpan<char> rest, out BareItem value)
    {
        value = null!;
        if (rest.Length < 2 || rest[1] is not ('0' or '1'))
        {
            return false;
        }

        value = new BareItem.Boolean(rest[1] == '1');
        rest = rest[2..];
        return true;
    }

    private static bool TryDate(ref ReadOnlySpan<char> rest, out BareItem value)
    {
        rest = rest[1..];
        if (!TryNumber(ref rest, out value) || value is not BareItem.Integer(var seconds))
        {
            return false;
        }

        value = new BareItem.Date(seconds);
        return true;
    }

    private static bool TryDisplayString(ref ReadOnlySpan<char> rest, out BareItem value)
    {
        value = null!;
        var bytes = new List<byte>();
        if (rest.Length < 2 || rest[1] != '"')
        {
            return false;
        }

        for (var i = 2; i < rest.Length; i++)
        {
            var letter = rest[i];
            if (letter == '"')
            {
                rest = rest[(i + 1)..];
                return TryDecode(bytes, out value);
            }

            if (letter is < ' ' or > '~')
            {
                return false;
            }

            if (letter != '%')
            {
                bytes.Add((byte)letter);
                continue;
            }

            if (i + 2 >= rest.Length || !char.IsAsciiHexDigitLower(rest[i + 1]) || !char.IsAsciiHexDigitLower(rest[i + 2]))
            {
                return false;
            }

            bytes.Add(byte.Parse(rest.Slice(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
            i += 2;
        }

        return false;
    }

    private static bool TryDecode(List<byte> bytes, out BareItem value)
    {
        value = null!;
        try
        {
            value = new BareItem.DisplayString(StrictUtf8.GetString([.. bytes]));
            return true;
        }
        catch (DecoderFallbackException)
        {
            return false;
        }
    }

    private static int CountDigits(ReadOnlySpan<char> text)
    {
        var end = text.IndexOfAnyExceptInRange('0', '9');
        return end < 0 ? text.Length : end;
    }
}
