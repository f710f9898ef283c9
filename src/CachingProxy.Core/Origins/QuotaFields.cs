using System.Globalization;
using CachingProxy.Core.Parsing;
using CachingProxy.Core.StructuredFields;

namespace CachingProxy.Core.Origins;

/// <summary>
/// Reads what an origin says of its own limits: <c>Retry-After</c> (RFC 9110 §10.2.3), <c>RateLimit</c>
/// (draft-ietf-httpapi-ratelimit-headers), and the older <c>RateLimit-*</c> and <c>X-RateLimit-*</c>.
/// </summary>
/// <param name="RetryAfter">The time in which it wants no request; null where it says none.</param>
/// <param name="Remaining">How many more requests it takes in its window; null where it does not say.</param>
/// <param name="Limit">How many it takes in a window; null where it does not say.</param>
/// <param name="Reset">The time until its window ends; null where it does not say.</param>
internal readonly record struct QuotaFields(TimeSpan? RetryAfter, long? Remaining, long? Limit, TimeSpan? Reset)
{
    // More seconds than this are the time of day of the reset, as some APIs write it.
    private const long EpochSeconds = 1_000_000_000;

    private static readonly string[] Prefixes = ["RateLimit-", "X-RateLimit-", "X-Rate-Limit-"];

    /// <summary>Reads the fields of a response. A field that cannot be read counts as absent.</summary>
    /// <param name="fields">The fields.</param>
    /// <param name="wallNow">The wall clock, for dates.</param>
    public static QuotaFields Of(FieldList fields, DateTimeOffset wallNow)
    {
        var retryAfter = TimeOf(fields["Retry-After"].ToString(), wallNow);
        if (StructuredField.ParseList(fields["RateLimit"]) is { IsDefaultOrEmpty: false } members)
        {
            // Of several policies, the one that is nearest to being used up counts.
            var nearest = members.MinBy(member => IntegerOf(member, "r") ?? long.MaxValue)!;
            return new QuotaFields(retryAfter, IntegerOf(nearest, "r"), QuotaOf(nearest, fields), SecondsOf(IntegerOf(nearest, "t")));
        }

        foreach (var prefix in Prefixes)
        {
            if (Number(fields[prefix + "Remaining"].ToString()) is { } remaining)
            {
                return new QuotaFields(
                    retryAfter,
                    remaining,
                    Number(fields[prefix + "Limit"].ToString()),
                    TimeOf(fields[prefix + "Reset"].ToString(), wallNow)
                );
            }
        }

        return new QuotaFields(retryAfter, null, null, null);
    }

    private static long? QuotaOf(StructuredMember policy, FieldList fields) =>
        StructuredField.ParseList(fields["RateLimit-Policy"]) is { IsDefaultOrEmpty: false } policies
        && policies.FirstOrDefault(other => NameOf(other) == NameOf(policy)) is { } stated
            ? IntegerOf(stated, "q")
            : null;

    private static BareItem? NameOf(StructuredMember member) => (member as StructuredMember.Item)?.Value;

    private static long? IntegerOf(StructuredMember member, string key)
    {
        foreach (var (name, value) in member.Parameters)
        {
            if (name == key && value is BareItem.Integer(var number))
            {
                return number;
            }
        }

        return null;
    }

    private static TimeSpan? TimeOf(string text, DateTimeOffset wallNow)
    {
        if (Number(text) is { } seconds)
        {
            return SecondsOf(seconds >= EpochSeconds ? seconds - wallNow.ToUnixTimeSeconds() : seconds);
        }

        return text.Length > 0 && HttpDate.Parse(text, wallNow) is { } date && date > wallNow ? date - wallNow : null;
    }

    private static TimeSpan? SecondsOf(long? seconds) => seconds is >= 0 and < EpochSeconds ? TimeSpan.FromSeconds(seconds.Value) : null;

    // 10, or 10, 10;w=1 of an older draft: the first number counts.
    private static long? Number(string text) =>
        long.TryParse(text.Split(',', ';')[0].Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
