using System.Globalization;
using CachingProxy.Core.StructuredFields;

namespace CachingProxy.Core.Messages;

/// <summary>
/// How a cache handled one request (RFC 9211), as a value: a hit, or the reason why it was forwarded, and what became of
/// the response.
/// </summary>
public sealed record CacheStatus
{
    private const string Cache = "caching-proxy";
    private static readonly string?[] HitTexts = new string?[3601];

    /// <summary>Why the response was served from the cache without asking the origin; null where it was not.</summary>
    public HitReason? Hit { get; private init; }

    /// <summary>Tells whether the response was served from the cache without asking the origin.</summary>
    public bool IsHit => Hit is not null;

    /// <summary>Why the request went to the origin; null for a hit.</summary>
    public ForwardReason? Forwarded { get; private init; }

    /// <summary>The status that the origin answered with, where one was received.</summary>
    public int? OriginStatus { get; init; }

    /// <summary>Tells whether the response was stored.</summary>
    public bool IsStored { get; init; }

    /// <summary>Tells whether the request shared a fetch that another one had begun.</summary>
    public bool IsCollapsed { get; init; }

    /// <summary>Why the response was not stored, where that was decided.</summary>
    public NotStoredReason? NotStored { get; init; }

    /// <summary>The freshness lifetime that is left, negative when stale; null where no response was stored.</summary>
    public TimeSpan? TimeToLive { get; init; }

    /// <summary>Tells whether a stale response stands in for an error of the origin (RFC 5861 §4).</summary>
    public bool IsInPlaceOfError { get; init; }

    /// <summary>The URI under which the response is stored, where that is not the one that was asked for; null where it is.</summary>
    public string? Key { get; init; }

    /// <summary>A stored response was served.</summary>
    public static CacheStatus OfHit(HitReason reason, TimeSpan timeToLive, string? key) =>
        new()
        {
            Hit = reason,
            TimeToLive = timeToLive,
            Key = key,
        };

    /// <summary>The request was forwarded.</summary>
    public static CacheStatus Forward(ForwardReason reason) => new() { Forwarded = reason };

    /// <summary>The field's value, for example <c>caching-proxy; fwd=uri-miss; fwd-status=200; stored; ttl=60</c>.</summary>
    public override string ToString()
    {
        if (Hit == HitReason.Fresh && Key is null)
        {
            return HitText(WholeSeconds(TimeToLive.GetValueOrDefault()));
        }

        var text = new System.Text.StringBuilder(Cache, 128).Append(IsHit ? "; hit" : "");
        if (Forwarded is { } reason)
        {
            text.Append("; fwd=").Append(reason.ToToken());
        }

        if (OriginStatus is { } status)
        {
            text.Append("; fwd-status=").Append(status);
        }

        text.Append(IsStored ? "; stored" : "").Append(IsCollapsed ? "; collapsed" : "");
        if (TimeToLive is { } left)
        {
            text.Append("; ttl=").Append(WholeSeconds(left));
        }

        if (Key is not null && StructuredField.Serialize(new StructuredMember.Item(new BareItem.String(Key))) is { } key)
        {
            text.Append("; key=").Append(key);
        }

        var detail = IsInPlaceOfError ? "stale-if-error" : NotStored?.ToToken() ?? Forwarded?.ToDetail() ?? Hit?.ToDetail();
        return detail is null ? text.ToString() : text.Append("; detail=").Append(detail).ToString();
    }

    // Away from zero: what was stored a moment ago for 15 seconds has 15, and what is stale has a negative one (RFC 9211 §2.4).
    private static long WholeSeconds(TimeSpan time) =>
        (long)(time > TimeSpan.Zero ? Math.Ceiling(time.TotalSeconds) : Math.Floor(time.TotalSeconds));

    // The text of a hit is asked for more often than any other; each of the usual ones is made once.
    private static string HitText(long seconds)
    {
        var isUsual = seconds >= 0 && seconds < HitTexts.Length;
        var text = (isUsual ? HitTexts[seconds] : null) ?? string.Create(CultureInfo.InvariantCulture, $"{Cache}; hit; ttl={seconds}");
        if (isUsual)
        {
            HitTexts[seconds] = text;
        }

        return text;
    }
}
