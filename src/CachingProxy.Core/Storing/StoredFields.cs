using CachingProxy.Core.Fetching;
using CachingProxy.Core.Parsing;
using CachingProxy.Core.Responding;

namespace CachingProxy.Core.Storing;

/// <summary>RFC 9111 §3.1: which fields of a response are stored.</summary>
internal static class StoredFields
{
    public static FieldList Of(OriginResponse response, CachePolicy policy, string via, DateTimeOffset wallNow)
    {
        var control = policy.TtlMode == TtlMode.Respect ? ResponseDirectives.Parse(response.Fields) : CacheControl.None;
        var withoutCookies = policy.StripCookies || policy.SetCookie == SetCookieHandling.Strip;
        var fields = ServedFields.EndToEnd(response, policy, via).Without(name =>
            name.Equals("Age", StringComparison.OrdinalIgnoreCase)
            || name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase)
            || (response.Status == 206 && name.Equals("Content-Range", StringComparison.OrdinalIgnoreCase))
            || (withoutCookies && IsSetCookie(name))
            || control.NoCacheFields.Contains(name, StringComparer.OrdinalIgnoreCase)
            || control.PrivateFields.Contains(name, StringComparer.OrdinalIgnoreCase));

        // RFC 9110 §6.6.1: a response that is stored without a date is given that of its arrival.
        return fields.Contains("Date") ? fields : fields.With("Date", HttpDate.Format(wallNow));
    }

    private static bool IsSetCookie(string name) => name.StartsWith("Set-Cookie", StringComparison.OrdinalIgnoreCase);
}
