namespace CachingProxy.Core.Parsing;

/// <summary>A non-negative number of seconds in a field (RFC 9111 §1.2.2).</summary>
internal static class DeltaSeconds
{
    /// <summary>The largest value: 2^31 seconds. A larger number counts as this value (RFC 9111 §1.2.2).</summary>
    public static readonly TimeSpan Max = TimeSpan.FromSeconds(2_147_483_648);

    /// <summary>
    /// Reads a text of digits only; a number larger than <see cref="Max"/> counts as <see cref="Max"/>. Returns false for any other text.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<char> text, out TimeSpan value)
    {
        value = TimeSpan.Zero;
        if (text.IsEmpty || text.ContainsAnyExceptInRange('0', '9'))
        {
            return false;
        }

        var significant = text.TrimStart('0');
        var seconds = significant.Length switch
        {
            0 => 0,
            > 10 => long.MaxValue,
            _ => long.Parse(significant, System.Globalization.CultureInfo.InvariantCulture),
        };
        value = seconds > 2_147_483_648 ? Max : TimeSpan.FromSeconds(seconds);
        return true;
    }
}
