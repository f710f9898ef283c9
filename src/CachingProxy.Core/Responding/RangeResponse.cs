using System.Globalization;
using CachingProxy.Core.Decisions;
using CachingProxy.Core.Entries;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Parsing;

namespace CachingProxy.Core.Responding;

/// <summary>RFC 9110 §14, §15.3.7, §15.5.17: the part of a stored response that a request asks for.</summary>
internal static class RangeResponse
{
    /// <summary>
    /// Returns the answer to a range request from a stored response: the range, a 416, or the whole response if no range can be taken from
    /// it.
    /// </summary>
    public static CacheResult Of(CacheRequest request, CacheEntry entry, CacheResult whole)
    {
        if (entry.Part is { } part && !whole.Body.CanBeSliced)
        {
            // The part is still arriving, and is exactly the one that the request asks for.
            return Partial(whole, part.Stated, whole.Body);
        }

        return RangeRules.Decide(request, entry, whole.Body.Length) switch
        {
            RangeDecision.Slices([var slice]) when whole.Body.CanBeSkipped => Partial(
                whole,
                slice.Range,
                whole.Body.Slice(slice.Offset, slice.Length)
            ),
            RangeDecision.Slices(var slices) when whole.Body.CanBeSliced => Multipart(whole, slices),
            RangeDecision.NotSatisfiable(var length) => NotSatisfiable(whole, length),
            _ => whole,
        };
    }

    private static CacheResult Multipart(CacheResult whole, IReadOnlyList<RangeDecision.Slice> slices)
    {
        var (body, contentType) = MultipartBody.Of(whole.Body, slices, whole.Fields["Content-Type"].ToString());
        return Partial(whole, whole.Fields.With("Content-Type", contentType), body);
    }

    private static CacheResult Partial(CacheResult whole, ContentRange range, ResponseBody body) =>
        Partial(whole, whole.Fields.With("Content-Range", range.ToString()), body);

    private static CacheResult Partial(CacheResult whole, FieldList fields, ResponseBody body) =>
        new(206, fields.Without(ContentDigests.Contains), body, whole.CacheStatus) { Age = whole.Age };

    private static bool IsFreshness(string name) =>
        name.Equals("Cache-Control", StringComparison.OrdinalIgnoreCase)
        || name.Equals("Expires", StringComparison.OrdinalIgnoreCase)
        || name.Equals(ResponseDirectives.TargetedField, StringComparison.OrdinalIgnoreCase);

    private static CacheResult NotSatisfiable(CacheResult whole, long length)
    {
        // Leave out the fields that state the freshness of the whole: because of them, a cache downstream could store this 416 for the URI.
        var fields = ClientConditions
            .FieldsOf304(whole.Fields)
            .Without(IsFreshness)
            .With("Content-Range", string.Create(CultureInfo.InvariantCulture, $"bytes */{length}"));
        return new CacheResult(416, fields, new UnreadBody(whole.Body), whole.CacheStatus);
    }
}
