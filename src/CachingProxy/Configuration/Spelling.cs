namespace CachingProxy.Configuration;

/// <summary>Finds the name that a misspelt text was meant to be.</summary>
internal static class Spelling
{
    /// <summary>
    /// Returns the name that differs from <paramref name="text"/> in the fewest letters; null where even that one differs in more than a
    /// third.
    /// </summary>
    public static string? Nearest(string text, IEnumerable<string> names)
    {
        var nearest = names.MinBy(name => Distance(text, name));
        return nearest is not null && Distance(text, nearest) <= Math.Max(1, text.Length / 3) ? nearest : null;
    }

    // Levenshtein: the letters to be put in, left out or replaced.
    private static int Distance(string from, string to)
    {
        var row = Enumerable.Range(0, to.Length + 1).ToArray();
        for (var i = 1; i <= from.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= to.Length; j++)
            {
                var replaced = diagonal + (char.ToLowerInvariant(from[i - 1]) == char.ToLowerInvariant(to[j - 1]) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[^1];
    }
}
