using CachingProxy.Core.Lookup;
using CachingProxy.Core.Parsing;
using CachingProxy.Core.Storing;

namespace CachingProxy.Core.Decisions;

/// <summary>RFC 9111 §4: whether a stored response answers a request. Decides without I/O; time is a parameter.</summary>
internal static class ReuseRules
{
    public static ReuseDecision Decide(CacheRequest request, LookupResult lookup, DateTimeOffset now)
    {
        var directives = request.Face.Policy.TtlMode == TtlMode.Override ? CacheControl.None : RequestDirectives.Parse(request.Fields);
        if (lookup.Entry is not { } entry)
        {
            return ToOrigin(request, directives, null, lookup.Miss);
        }

        var age = entry.AgeAt(now);
        return WhyNot(request.Face.Policy, directives, entry, age) is { } reason
            ? ToOrigin(request, directives, entry, reason)
            : new ReuseDecision.Serve(entry, age);
    }

    /// <summary>
    /// What keeps a request away from the cache altogether, found before any lookup; null where nothing does.
    /// </summary>
    public static ForwardReason? Bypass(CacheRequest request)
    {
        var policy = request.Face.Policy;
        var fields = request.Fields;
        return !request.IsGet && !request.IsHead ? ForwardReason.Method
            : request.HasContent ? ForwardReason.RequestContent
            : fields["If-Match"].Count > 0 || fields["If-Unmodified-Since"].Count > 0 ? ForwardReason.Precondition
            : policy.TtlMode == TtlMode.Respect ? null
            : policy.TimeToLive <= TimeSpan.Zero ? ForwardReason.CachingIsOff
            : fields["Authorization"].Count > 0 ? ForwardReason.Authorization
            : null;
    }

    /// <summary>Whether a response that just arrived for one request may answer another that waited for it (RFC 9111 §4).</summary>
    public static bool CanBeShared(CacheRequest waiting, CacheEntry entry, DateTimeOffset now)
    {
        var directives = waiting.Face.Policy.TtlMode == TtlMode.Override ? CacheControl.None : RequestDirectives.Parse(waiting.Fields);
        return entry.Variant.Matches(waiting.Fields) && WhyNot(waiting.Face.Policy, directives, entry, entry.AgeAt(now)) is null;
    }

    private static ReuseDecision ToOrigin(CacheRequest request, CacheControl directives, CacheEntry? entry, ForwardReason reason) =>
        directives.OnlyIfCached ? new ReuseDecision.GatewayTimeout(reason)
        : request.IsHead ? new ReuseDecision.Forward(reason)
        : request.Fields["Range"].Count > 0 ? new ReuseDecision.Forward(ForwardReason.Range)
        : entry is { HasValidator: true } && request.Face.Policy.TtlMode == TtlMode.Respect ? new ReuseDecision.Revalidate(entry, reason)
        : new ReuseDecision.Fetch(reason);

    private static ForwardReason? WhyNot(CachePolicy policy, CacheControl request, CacheEntry entry, TimeSpan age)
    {
        var left = entry.Freshness.Lifetime - age;
        if (policy.TtlMode == TtlMode.Override)
        {
            return left > TimeSpan.Zero ? null : ForwardReason.Stale;
        }

        // RFC 9111 §5.2.2.4: a response with no-cache is never reused without validation, not even a fresh one.
        if (entry.Control.NoCache)
        {
            return ForwardReason.MustValidate;
        }

        // RFC 9111 §5.2.1: what the client wants beyond freshness.
        if (request.NoCache || age > request.MaxAge || left < request.MinFresh)
        {
            return ForwardReason.ClientDirective;
        }

        // RFC 9111 §4.2.4, §5.2.1.2: stale only if the client takes it and the origin does not forbid it.
        return left > TimeSpan.Zero || (request.MaxStale >= -left && !entry.ForbidsStale) ? null : ForwardReason.Stale;
    }
}
