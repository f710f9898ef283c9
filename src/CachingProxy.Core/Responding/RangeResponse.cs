using System.Globalization;
using CachingProxy.Core.Decisions;
using CachingProxy.Core.Storing;

namespace CachingProxy.Core.Responding;

/// <summary>RFC 9110 §14, §15.3.7, §15.5.17: the part of a stored response that a request asks for.</summary>
internal static class RangeResponse
{
    /// <summary>The answer out of a stored response; where its content cannot be sliced, the whole of it.</summary>
    public static CacheResult Of(CacheRequest request, CacheEntry entry, CacheResult whole) => RangeRules.Decide(request, entry) switch
    {
        RangeDecision.Slices([var slice]) when whole.Body.CanBeSliced => Partial(
            whole, whole.Fields.With("Content-Range", slice.Range.ToString()), new SlicedBody(whole.Body, slice.Offset, slice.Length)),
        RangeDecision.Slices(var slices) when whole.Body.CanBeSliced => Multipart(whole, slices),
        RangeDecision.NotSatisfiable(var length) => NotSatisfiable(whole, length),
        _ => whole,
    };

    private static CacheResult Multipart(CacheResult whole, IReadOnlyList<RangeDecision.Slice> slices)
    {
        var body = new MultipartBody(whole.Body, slices, whole.Fields["Content-Type"].ToString());
        return Partial(whole, whole.Fields.With("Content-Type", body.ContentType), body);
    }

    private static CacheResult Partial(CacheResult whole, FieldList fields, ResponseBody body) =>
        new(206, fields, body, whole.CacheStatus) { Age = whole.Age };

    private static CacheResult NotSatisfiable(CacheResult whole, long length)
    {
        var fields = ClientConditions.FieldsOf304(whole.Fields).With("Content-Range", string.Create(CultureInfo.InvariantCulture, $"bytes */{length}"));
        return new CacheResult(416, fields, new UnreadBody(whole.Body), whole.CacheStatus) { Age = whole.Age };
    }
}
