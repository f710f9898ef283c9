using CachingProxy.Core.Parsing;
using Microsoft.Extensions.Primitives;

namespace CachingProxy.Core.Entries;

/// <summary>RFC 9111 §4.2.3: how old a response is.</summary>
internal static class CurrentAge
{
    /// <summary>The age at the moment of receipt: the larger of what its fields say and what the clocks say.</summary>
    public static TimeSpan Initial(StringValues age, DateTimeOffset? date, DateTimeOffset wallNow, TimeSpan responseDelay)
    {
        var apparent = date is { } sent && wallNow > sent ? wallNow - sent : TimeSpan.Zero;
        var corrected = (AgeValue(age) ?? TimeSpan.Zero) + responseDelay;
        return apparent > corrected ? apparent : corrected;
    }

    /// <summary>Returns the age now: the age at receipt, and the time since.</summary>
    public static TimeSpan At(DateTimeOffset now, DateTimeOffset receivedAt, TimeSpan initialAge) =>
        initialAge + (now > receivedAt ? now - receivedAt : TimeSpan.Zero);

    // RFC 9111 §5.1: of a list the first member counts; what is no number is as if absent.
    private static TimeSpan? AgeValue(StringValues lines)
    {
        if (lines.Count == 0)
        {
            return null;
        }

        var first = ListReader.Split(lines[0]).FirstOrDefault();
        return DeltaSeconds.TryParse(first, out var value) ? value : null;
    }
}
