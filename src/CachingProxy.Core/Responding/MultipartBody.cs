using System.Security.Cryptography;
using System.Text;
using CachingProxy.Core.Decisions;
using CachingProxy.Core.Messages;

namespace CachingProxy.Core.Responding;

/// <summary>Several pieces of other content, each with a head of its own: <c>multipart/byteranges</c> (RFC 9110 §14.6).</summary>
internal static class MultipartBody
{
    /// <summary>Returns the pieces as one content, and its media type.</summary>
    /// <param name="whole">Where the pieces are taken from.</param>
    /// <param name="slices">The pieces, in the order in which they are sent.</param>
    /// <param name="contentType">The media type of the whole; empty where it has none.</param>
    public static (ResponseBody Body, string ContentType) Of(
        ResponseBody whole,
        IReadOnlyList<RangeDecision.Slice> slices,
        string contentType
    )
    {
        var boundary = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        var type = contentType.Length == 0 ? "" : $"Content-Type: {contentType}\r\n";
        List<ResponseBody> parts = [];
        foreach (var slice in slices)
        {
            parts.Add(Text($"\r\n--{boundary}\r\n{type}Content-Range: {slice.Range}\r\n\r\n"));
            parts.Add(whole.Slice(slice.Offset, slice.Length));
        }

        parts.Add(Text($"\r\n--{boundary}--\r\n"));
        return (new ConcatenatedBody([.. parts]), $"multipart/byteranges; boundary={boundary}");
    }

    private static ResponseBody Text(string text) => ResponseBody.InMemory(Encoding.Latin1.GetBytes(text));
}
