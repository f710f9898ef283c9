using CachingProxy.Core.Entries;
using CachingProxy.Core.Parsing;

namespace CachingProxy.Core.Responding;

/// <summary>RFC 9111 §4.3.2: conditions of the client that are decided on a response we hold.</summary>
internal static class ClientConditions
{
    private static readonly string[] NotIn304 = ["Content-Encoding", "Content-Language", "Content-Length", "Content-Range", "Content-Type"];

    /// <summary>
    /// Returns true if a 304 suffices, because the client already has this response. Returns false unless the status is 2xx. The caller
    /// checks the method.
    /// </summary>
    public static bool IsNotModified(IFields request, int status, FieldList response, SteadyClock clock)
    {
        if (status is < 200 or > 299)
        {
            return false;
        }

        // RFC 9110 §13.2.2: If-Modified-Since does not count if there is an If-None-Match.
        if (request["If-None-Match"] is { Count: > 0 } tags)
        {
            return EntityTag.Parse(response["ETag"].ToString()) is { } current
                ? tags.Any(line => ListReader.Split(line).Any(tag => tag == "*" || EntityTag.Parse(tag)?.WeaklyEquals(current) == true))
                : tags.Any(line => line?.Trim() == "*");
        }

        if (request["If-Modified-Since"] is not { Count: 1 } since)
        {
            return false;
        }

        var wallNow = clock.WallNow;
        return HttpDate.Parse(since.ToString(), wallNow) is { } known
            && (HttpDate.Parse(response["Last-Modified"].ToString(), wallNow) ?? HttpDate.Parse(response["Date"].ToString(), wallNow))
                <= known;
    }

    /// <summary>RFC 9110 §15.4.5: returns the fields of a 304. They update the client's copy, and none describes its content.</summary>
    public static FieldList FieldsOf304(FieldList fields) =>
        fields.Without(name => NotIn304.Contains(name, StringComparer.OrdinalIgnoreCase));
}
