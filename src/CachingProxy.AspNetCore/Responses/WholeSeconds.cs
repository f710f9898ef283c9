using System.Globalization;

namespace CachingProxy.AspNetCore.Responses;

/// <summary>Converts whole seconds to text, without a new string for frequent values (0 to 599).</summary>
internal static class WholeSeconds
{
    private static readonly string[] Frequent =
    [
        .. Enumerable.Range(0, 600).Select(seconds => seconds.ToString(CultureInfo.InvariantCulture)),
    ];

    public static string ToText(TimeSpan time)
    {
        var seconds = Math.Min((long)time.TotalSeconds, 2_147_483_648);
        return seconds >= 0 && seconds < Frequent.Length ? Frequent[seconds] : seconds.ToString(CultureInfo.InvariantCulture);
    }
}
