using System.Globalization;
using CachingProxy.Core.StructuredFields;

namespace CachingProxy.Core.Messages;

/// <summary>
/// The handling of one request by the cache (RFC 9211): a hit, or the reason why the request was forwarded, with the outcome for the
/// response.
/// </summary>
public sealed record CacheStatus
{
    private const string Cache = "caching-proxy";
    private static readonly string?[] HitTexts = new string?[3601];

    /// <summary>The reason why the response was served from the cache without asking the origin; null where the origin was asked.</summary>
    public HitReason? Hit { get; private init; }

    /// <summary>Tells whether the response was served from the cache without asking the origin.</summary>
    public bool IsHit => Hit is not null;

    /// <summary>The reason why the request went to the origin; null for a hit.</summary>
    public ForwardReason? Forwarded { get; private init; }

    /// <summary>The status that the origin answered with, where one was received.</summary>
    public int? OriginStatus { get; init; }

    /// <summary>Tells whether the response was stored.</summary>
    public bool IsStored { get; init; }

    /// <summary>Tells whether the origin has confirmed a stored response (RFC 9111 §4.3.3).</summary>
    public bool IsValidated { get; init; }

    /// <summary>The failure that left the request without a response; null if there is a response.</summary>
    public OriginError? Failure { get; init; }

    /// <summary>Tells whether a stale response was served.</summary>
    public bool IsStale => IsInPlaceOfError || Hit is HitReason.MaxStale or HitReason.StaleWhileRevalidate or HitReason.Offline;

    /// <summary>Tells whether the request shared a fetch that another one had begun.</summary>
    public bool IsCollapsed { get; init; }

    /// <summary>The reason why the cache decided not to store the response; null if it made no such decision.</summary>
    public NotStoredReason? NotStored { get; init; }

    /// <summary>The freshness lifetime that is left, negative when stale; null where no response was stored.</summary>
    public TimeSpan? TimeToLive { get; init; }

    /// <summary>Tells whether a stale response stands in for an error of the origin (RFC 5861 §4).</summary>
    public bool IsInPlaceOfError { get; init; }

    /// <summary>
    /// The target under which the response is stored, where that differs from the requested target. For a QUERY with known content, the
    /// digest of that content. Null otherwise.
    /// </summary>
    public string? Key { get; init; }

    /// <summary>
    /// The one token that tells how the request was handled, the same in the log, the metrics and the traces: our own <c>detail</c> where
    /// there is one, otherwise the token of <c>fwd</c>, and <c>fresh</c> for a hit. docs/reasons.md explains each.
    /// </summary>
    public string Reason => Detail ?? Forwarded?.ToToken() ?? "fresh";

    private string? Detail
    {
        get
        {
            // If the client asked for a stored response only, nothing has failed: the reason why none could be used says more.
            if (Failure is { } failure and not OriginError.OnlyIfCached)
            {
                return ErrorCodes.Of(failure);
            }

            return IsInPlaceOfError ? "stale-if-error" : NotStored?.ToToken() ?? Forwarded?.ToDetail() ?? Hit?.ToDetail();
        }
    }

    /// <summary>Returns the status of a request that a stored response answered.</summary>
    public static CacheStatus OfHit(HitReason reason, TimeSpan timeToLive, string? key) =>
        new()
        {
            Hit = reason,
            TimeToLive = timeToLive,
            Key = key,
        };

    /// <summary>Returns the status of a request that was refused.</summary>
    public static CacheStatus Refused(OriginError failure) => new() { Failure = failure };

    /// <summary>Returns the status of a request that went to the origin.</summary>
    public static CacheStatus Forward(ForwardReason reason) => new() { Forwarded = reason };

    /// <summary>Returns the field's value, for example <c>caching-proxy; fwd=uri-miss; fwd-status=200; stored; ttl=60</c>.</summary>
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

        return Detail is { } detail ? text.Append("; detail=").Append(detail).ToString() : text.ToString();
    }

    // Rounds away from zero: a response that was stored a moment ago for 15 seconds has 15 left, and a stale response has a negative number
    // (RFC 9211 §2.4).
    private static long WholeSeconds(TimeSpan time) =>
        (long)(time > TimeSpan.Zero ? Math.Ceiling(time.TotalSeconds) : Math.Floor(time.TotalSeconds));

    // Keeps the texts of hits with 0 to 3600 seconds left, since these texts are needed most often.
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
