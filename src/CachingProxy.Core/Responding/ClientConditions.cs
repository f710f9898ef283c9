using CachingProxy.Core.Entries;
using CachingProxy.Core.Parsing;

namespace CachingProxy.Core.Responding;

/// <summary>RFC 9111 §4.3.2: conditions of the client that are decided on a response we hold.</summary>
internal static class ClientConditions
{
    private static readonly string[] NotIn304 = ["Content-Encoding", "Content-Language", "Content-Length", "Content-Range", "Content-Type"];

    /// <summary>Tells whether a 304 suffices: the client has this very response already. For GET and HEAD, and successes.</summary>
    public static bool IsNotModified(IFields request, int status, FieldList response, SteadyClock clock)
    {
        if (status is < 200 or > 299)
        {
            return false;
        }

        // RFC 9110 §13.2.2: If-None-Match, where it is there, is the only one that counts.
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

    /// <summary>RFC 9110 §15.4.5: the fields of a 304: what updates the client's copy, nothing that describes its content.</summary>
    public static FieldList FieldsOf304(FieldList fields) =>
        fields.Without(name => NotIn304.Contains(name, StringComparer.OrdinalIgnoreCase));
}
