using CachingProxy.Core.Entries;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Parsing;

namespace CachingProxy.Core.Decisions;

/// <summary>Decides whether a stored response answers a request (RFC 9111 §4). Does no I/O; time is a parameter.</summary>
internal static class ReuseRules
{
    public static ReuseDecision Decide(CacheRequest request, LookupResult lookup, DateTimeOffset now)
    {
        var policy = request.Face.Policy;
        var directives = DirectivesOf(request);
        if (lookup.Entry is not { } entry)
        {
            return ToOrigin(request, directives, null, lookup.Miss, null);
        }

        var age = entry.AgeAt(now);
        if (policy.IsOffline)
        {
            return Offline(request, entry, age);
        }

        if (WhyNot(policy, directives, entry, age, out var hit) is { } reason)
        {
            var standIn = reason == ForwardReason.Stale && MayStandIn(policy, directives, entry, age) ? entry : null;
            return ToOrigin(request, directives, entry, reason, standIn);
        }

        if (entry.Part is null || request.HasRange)
        {
            return new ReuseDecision.Serve(entry, age, hit);
        }

        if (!directives.OnlyIfCached && !directives.NoStore && MissingPart.Of(entry, policy) is { } missing)
        {
            return new ReuseDecision.Complete(entry, missing);
        }

        return ToOrigin(request, directives, entry, ForwardReason.Partial, null);
    }

    /// <summary>
    /// Returns the reason why a request bypasses the cache without any look-up; null where there is none.
    /// </summary>
    public static ForwardReason? Bypass(CacheRequest request)
    {
        var policy = request.Face.Policy;
        var fields = request.Fields;
        if (!request.IsGet && !request.IsHead && !request.IsKeyedQuery)
        {
            return ForwardReason.Method;
        }

        if (request.HasContent && !request.IsKeyedQuery)
        {
            return ForwardReason.RequestContent;
        }

        if (fields["If-Match"].Count > 0 || fields["If-Unmodified-Since"].Count > 0)
        {
            return ForwardReason.Precondition;
        }

        if (policy.TtlMode == TtlMode.Respect)
        {
            return null;
        }

        if (policy.TimeToLive <= TimeSpan.Zero)
        {
            return ForwardReason.CachingIsOff;
        }

        if (fields["Authorization"].Count > 0)
        {
            return ForwardReason.Authorization;
        }

        return null;
    }

    /// <summary>
    /// Tells whether the client forbids asking the origin (<c>only-if-cached</c>, RFC 9111 §5.2.1.7). False for an unsafe method, which
    /// only the origin can answer.
    /// </summary>
    public static bool IsOnlyIfCached(CacheRequest request) =>
        !UnsafeMethods.IsUnsafe(request.Method) && DirectivesOf(request).OnlyIfCached;

    /// <summary>
    /// Tells whether a response that just arrived for one request may answer another request that waited for it (RFC 9111 §4).
    /// </summary>
    public static bool CanBeShared(CacheRequest waiting, CacheEntry entry, DateTimeOffset now) =>
        (entry.Part is null || entry.Part.Asked == waiting.Fields["Range"].ToString())
        && entry.Answers(waiting)
        && WhyNot(waiting.Face.Policy, DirectivesOf(waiting), entry, entry.AgeAt(now), out _) is null;

    /// <summary>Tells whether a response that just arrived may answer other requests for the same URI that have no directives.</summary>
    public static bool IsOfUseToOthers(CachePolicy policy, CacheEntry entry, DateTimeOffset now) =>
        WhyNot(policy, CacheControl.None, entry, entry.AgeAt(now), out _) is null;

    /// <summary>Tells whether a stored response is fresh enough for a client's directives.</summary>
    public static bool IsFresh(CachePolicy policy, CacheControl directives, CacheEntry entry, DateTimeOffset now) =>
        WhyNot(policy, policy.TtlMode == TtlMode.Override ? CacheControl.None : directives, entry, entry.AgeAt(now), out var hit) is null
        && hit == HitReason.Fresh;

    /// <summary>
    /// Tells whether a response may never be served stale (RFC 9111 §4.2.4). <c>s-maxage</c> implies <c>proxy-revalidate</c> (§5.2.2.10).
    /// </summary>
    public static bool ForbidsStale(CacheControl control) =>
        control.MustRevalidate || control.ProxyRevalidate || control.SharedMaxAge is not null || control.NoCache;

    /// <summary>
    /// Tells whether a response may not be served stale while it is being refreshed. With <see
    /// cref="CachePolicy.StaleDespiteSharedMaxAge"/>, <c>s-maxage</c> alone does not forbid it.
    /// </summary>
    public static bool ForbidsStaleWhileRevalidate(CachePolicy policy, CacheControl control) =>
        ForbidsStale(policy.StaleDespiteSharedMaxAge ? control with { SharedMaxAge = null } : control);

    private static CacheControl DirectivesOf(CacheRequest request) =>
        request.Face.Policy.TtlMode == TtlMode.Override ? CacheControl.None : RequestDirectives.Parse(request.Fields);

    private static ReuseDecision ToOrigin(
        CacheRequest request,
        CacheControl directives,
        CacheEntry? entry,
        ForwardReason reason,
        CacheEntry? standIn
    )
    {
        if (directives.OnlyIfCached)
        {
            return new ReuseDecision.GatewayTimeout(reason);
        }

        if (request.IsHead)
        {
            return new ReuseDecision.Forward(reason);
        }

        if (entry is { HasValidator: true, Part: null } && request.Face.Policy.TtlMode == TtlMode.Respect)
        {
            return new ReuseDecision.Revalidate(entry, reason, standIn);
        }

        if (request.HasRange && RangeField.Parse(request.Fields["Range"]) is null)
        {
            return new ReuseDecision.Forward(ForwardReason.Range);
        }

        return new ReuseDecision.Fetch(reason, standIn);
    }

    private static ForwardReason? WhyNot(CachePolicy policy, CacheControl request, CacheEntry entry, TimeSpan age, out HitReason hit)
    {
        hit = HitReason.Fresh;
        var left = entry.Freshness.Lifetime - age;
        if (
            left > TimeSpan.Zero
            && left < (entry.Freshness.Lifetime - entry.InitialAge) * policy.EarlyRefresh
            && !request.NoStore
            && !request.OnlyIfCached
        )
        {
            hit = HitReason.EarlyRefresh;
        }

        if (policy.TtlMode == TtlMode.Override)
        {
            if (left > TimeSpan.Zero)
            {
                return null;
            }

            hit = HitReason.StaleWhileRevalidate;
            return policy.StaleWhileRevalidate >= -left && policy.StaleWhileRevalidate > TimeSpan.Zero ? null : ForwardReason.Stale;
        }

        // RFC 9111 §5.2.2.4: a response with no-cache is never reused without validation, not even a fresh one.
        var control = entry.Control;
        if (control.NoCache)
        {
            return ForwardReason.MustValidate;
        }

        // RFC 9111 §5.2.1: the client may ask for more than freshness. RFC 8246 §2: a fresh immutable response has not changed, so the
        // client's max-age does not count.
        var isImmutable = control.Immutable && left > TimeSpan.Zero;
        if (request.NoCache || (age > request.MaxAge && !isImmutable) || left < request.MinFresh)
        {
            return ForwardReason.ClientDirective;
        }

        if (left > TimeSpan.Zero)
        {
            return null;
        }

        // RFC 9111 §5.2.1.2, RFC 5861 §3.
        if (request.MaxStale >= -left && !ForbidsStale(control))
        {
            hit = HitReason.MaxStale;
            return null;
        }

        if (MayServeWhileRevalidating(policy, control, -left))
        {
            hit = HitReason.StaleWhileRevalidate;
            return null;
        }

        return ForwardReason.Stale;
    }

    // No origin may be asked, so the age does not count, and neither do directives of the client or the origin. A part answers only ranges.
    private static ReuseDecision Offline(CacheRequest request, CacheEntry entry, TimeSpan age)
    {
        if (entry.Part is not null && !request.HasRange)
        {
            return new ReuseDecision.Fetch(ForwardReason.Partial, null);
        }

        return new ReuseDecision.Serve(entry, age, age < entry.Freshness.Lifetime ? HitReason.Fresh : HitReason.Offline);
    }

    // RFC 5861 §3. The operator's time counts where the response states none, and never against a directive that forbids serving stale.
    private static bool MayServeWhileRevalidating(CachePolicy policy, CacheControl control, TimeSpan staleness)
    {
        if (control.StaleWhileRevalidate is { } stated)
        {
            return stated >= staleness && !ForbidsStaleWhileRevalidate(policy, control);
        }

        return policy.StaleWhileRevalidate > TimeSpan.Zero && policy.StaleWhileRevalidate >= staleness && !ForbidsStale(control);
    }

    // RFC 5861 §4: the client or the origin may permit a stand-in, and the origin may forbid it. A stored error is no better than a fresh
    // one.
    private static bool MayStandIn(CachePolicy policy, CacheControl request, CacheEntry entry, TimeSpan age)
    {
        var staleness = age - entry.Freshness.Lifetime;
        if (entry.Part is not null || entry.Status >= 400)
        {
            return false;
        }

        if (policy.TtlMode == TtlMode.Override)
        {
            return policy.StaleIfError > TimeSpan.Zero && policy.StaleIfError >= staleness;
        }

        // The operator's time counts where the response states none.
        var permitted = entry.Control.StaleIfError ?? (policy.StaleIfError > TimeSpan.Zero ? policy.StaleIfError : null);
        return !ForbidsStale(entry.Control) && (permitted >= staleness || request.StaleIfError >= staleness);
    }
}
