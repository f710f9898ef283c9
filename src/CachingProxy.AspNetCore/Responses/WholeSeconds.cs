using System.Globalization;

namespace CachingProxy.AspNetCore.Responses;

/// <summary>Seconds as text, without a new string for those that are frequent.</summary>
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
