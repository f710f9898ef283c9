using CachingProxy.Core.Messages;
using CachingProxy.Core.Parsing;

namespace CachingProxy.Core.Entries;

/// <summary>Selects the fields of a response that are stored (RFC 9111 §3.1).</summary>
internal static class StoredFields
{
    public static FieldList Of(OriginResponse response, CachePolicy policy, string via, DateTimeOffset wallNow)
    {
        var withoutCookies = policy.StripCookies || policy.SetCookie == SetCookieHandling.Strip;
        var fields = ServedFields
            .EndToEnd(response, policy, via)
            .Without(name =>
                name.Equals("Age", StringComparison.OrdinalIgnoreCase)
                || name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase)
                || (response.Status == 206 && name.Equals("Content-Range", StringComparison.OrdinalIgnoreCase))
                || (withoutCookies && IsSetCookie(name))
            );
        var permitted = Permitted(fields, ResponseDirectives.Parse(response.Fields), policy);

        // RFC 9110 §6.6.1: a response that came without a Date is stored with the date of its arrival.
        return permitted.Contains("Date") ? permitted : permitted.With("Date", HttpDate.Format(wallNow));
    }

    /// <summary>
    /// Returns the fields without those that <c>no-cache</c> or <c>private</c> names (RFC 9111 §5.2.2.4, §5.2.2.7). In override mode,
    /// returns all fields.
    /// </summary>
    public static FieldList Permitted(FieldList fields, CacheControl control, CachePolicy policy) =>
        policy.TtlMode == TtlMode.Override || control.NoCacheFields.Count + control.PrivateFields.Count == 0
            ? fields
            : fields.Without(name =>
                control.NoCacheFields.Contains(name, StringComparer.OrdinalIgnoreCase)
                || control.PrivateFields.Contains(name, StringComparer.OrdinalIgnoreCase)
            );

    private static bool IsSetCookie(string name) => name.StartsWith("Set-Cookie", StringComparison.OrdinalIgnoreCase);
}
