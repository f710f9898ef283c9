namespace CachingProxy.Core.Parsing;

/// <summary>Comma-separated lists whose items may hold quoted strings (RFC 9110 §5.6.1, §5.6.4).</summary>
internal static class ListReader
{
    /// <summary>The items of a list, trimmed; empty items are left out. A comma inside quotes does not end an item.</summary>
    public static List<string> Split(string? line)
    {
        var items = new List<string>();
        if (string.IsNullOrEmpty(line))
        {
            return items;
        }

        var start = 0;
        var quoted = false;
        for (var i = 0; i <= line.Length; i++)
        {
            if (i < line.Length && quoted && line[i] == '\\')
            {
                i++;
            }
            else if (i < line.Length && line[i] == '"')
            {
                quoted = !quoted;
            }
            else if (i == line.Length || (line[i] == ',' && !quoted))
            {
                var item = line.AsSpan(start, i - start).Trim(" \t");
                if (!item.IsEmpty)
                {
                    items.Add(item.ToString());
                }

                start = i + 1;
            }
        }

        if (start < line.Length && quoted)
        {
            items.Add(line[start..].Trim(' ', '\t'));
        }

        return items;
    }

    /// <summary>The text of a quoted string without quotes and escapes; any other text as it is.</summary>
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
