namespace CachingProxy.Core.Parsing;

/// <summary>Reads lists whose items may contain quoted strings (RFC 9110 §5.6.1, §5.6.4).</summary>
public static class ListReader
{
    /// <summary>
    /// Returns the items of a list, trimmed; empty items are left out. A comma inside quotes does not end an item; a quote that is never
    /// closed is an ordinary character, so that it does not hide the commas after it.
    /// </summary>
    public static IReadOnlyList<string> Split(string? line) => SplitAt(line, ',');

    /// <summary>Returns the items between separators, as <see cref="Split"/> does between commas.</summary>
    public static IReadOnlyList<string> SplitAt(string? line, char separator)
    {
        var items = new List<string>();
        if (string.IsNullOrEmpty(line))
        {
            return items;
        }

        var start = 0;
        for (var i = 0; i <= line.Length; i++)
        {
            if (i < line.Length && line[i] == '"')
            {
                i = EndOfQuoted(line, i);
            }
            else if (i == line.Length || line[i] == separator)
            {
                var item = line.AsSpan(start, i - start).Trim(" \t");
                if (!item.IsEmpty)
                {
                    items.Add(item.ToString());
                }

                start = i + 1;
            }
        }

        return items;
    }

    /// <summary>Tells whether a text is one quoted string, from its first character to its last (RFC 9110 §5.6.4).</summary>
    public static bool IsQuoted(string text) => text.Length >= 2 && text[0] == '"' && EndOfQuoted(text, 0) == text.Length - 1;

    // Returns the index of the closing quote, or of the opening quote where it is never closed.
    private static int EndOfQuoted(string line, int opening)
    {
        for (var i = opening + 1; i < line.Length; i++)
        {
            if (line[i] == '"')
            {
                return i;
            }

            i += line[i] == '\\' ? 1 : 0;
        }

        return opening;
    }

    /// <summary>Returns the text of a quoted string without quotes and escapes; returns any other text as it is.</summary>
    public static string Unquote(string text)
    {
        if (text.Length < 2 || text[0] != '"' || text[^1] != '"')
        {
            return text;
        }

        var inner = text[1..^1];
        if (!inner.Contains('\\', StringComparison.Ordinal))
        {
            return inner;
        }

        var plain = new System.Text.StringBuilder(inner.Length);
        for (var i = 0; i < inner.Length; i++)
        {
            if (inner[i] == '\\' && i + 1 < inner.Length)
            {
                i++;
            }

            plain.Append(inner[i]);
        }

        return plain.ToString();
    }
}
