using System.Globalization;
using CachingProxy.Core.Limits;

namespace CachingProxy.Configuration;

/// <summary>Reads rate limits as people write them: <c>100/1m</c>, or <c>100/1m burst=20</c>.</summary>
internal static class RateLimits
{
    /// <summary>The form of rate limits, for the error.</summary>
    public const string Form =
        "give N/TIME, such as 100/1m, with N from 1 to 100000 and TIME from 1ms to 24h; with burst=N, at most so many at once";

    /// <summary>
    /// Reads limits; null where one cannot be read. A burst is a second limit: so many in the share of the window that they are of its
    /// count.
    /// </summary>
    public static IReadOnlyList<RateLimit>? Parse(IReadOnlyList<string> texts)
    {
        var limits = new List<RateLimit>();
        foreach (var text in texts)
        {
            var words = text.Split((char[])[' ', ';'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            if (words.Length is 0 or > 2 || LimitOf(words[0]) is not { } limit)
            {
                return null;
            }

            limits.Add(limit);
            if (words is not [_, var burst])
            {
                continue;
            }

            if (
                !burst.StartsWith("burst=", StringComparison.Ordinal)
                || SettingValues.ParseCount(burst[6..], 1, limit.Count) is not { } count
            )
            {
                return null;
            }

            limits.Add(new RateLimit(count, limit.Window * count / limit.Count));
        }

        return limits;
    }

    /// <summary>Says what is wrong with a rate of 0, which would refuse everything.</summary>
    public static string? Explain(string text) =>
        text.TrimStart().StartsWith('0') && text.Split('/')[0].Trim().All(letter => letter == '0')
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"is '{text}', which would permit nothing; leave the setting out to have no limit."
            )
            : null;

    private static RateLimit? LimitOf(string text) =>
        text.Split('/') is [var count, var window]
        && SettingValues.ParseCount(count, 1, RateLimit.MaxCount) is { } number
        && SettingValues.ParseTimeout(char.IsAsciiLetter(window.FirstOrDefault()) ? "1" + window : window) is { } time
            ? new RateLimit(number, time)
            : null;
}
