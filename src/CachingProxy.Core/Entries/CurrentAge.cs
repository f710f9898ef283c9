using CachingProxy.Core.Parsing;
using Microsoft.Extensions.Primitives;

namespace CachingProxy.Core.Entries;

/// <summary>Computes the age of a response (RFC 9111 §4.2.3).</summary>
internal static class CurrentAge
{
    /// <summary>
    /// Returns the age at the moment of receipt: the larger of the time since <c>Date</c> and the sum of <c>Age</c> and the response delay.
    /// </summary>
    public static TimeSpan Initial(StringValues age, DateTimeOffset? date, DateTimeOffset wallNow, TimeSpan responseDelay)
    {
        var apparent = date is { } sent && wallNow > sent ? wallNow - sent : TimeSpan.Zero;
        var corrected = (AgeValue(age) ?? TimeSpan.Zero) + responseDelay;
        return apparent > corrected ? apparent : corrected;
    }

    /// <summary>Returns the age now: the age at receipt plus the time since then.</summary>
    public static TimeSpan At(DateTimeOffset now, DateTimeOffset receivedAt, TimeSpan initialAge) =>
        initialAge + (now > receivedAt ? now - receivedAt : TimeSpan.Zero);

    // RFC 9111 §5.1: the first member of a list counts. A value that is no number counts as absent.
    private static TimeSpan? AgeValue(StringValues lines)
    {
        if (lines.Count == 0)
        {
            return null;
        }

        return ListReader.Split(lines[0]) is [var first, ..] && DeltaSeconds.TryParse(first, out var value) ? value : null;
    }
}
