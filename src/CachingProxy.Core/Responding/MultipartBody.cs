using System.IO.Pipelines;
using System.Security.Cryptography;
using System.Text;
using CachingProxy.Core.Decisions;
using CachingProxy.Core.Messages;

namespace CachingProxy.Core.Responding;

/// <summary>Several pieces of other content, each with a head of its own: <c>multipart/byteranges</c> (RFC 9110 §14.6).</summary>
internal sealed class MultipartBody : ResponseBody
{
    private readonly ResponseBody _whole;
    private readonly List<(byte[] Head, RangeDecision.Slice Slice)> _parts;
    private readonly byte[] _end;
    private readonly string _boundary = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));

    /// <param name="whole">Where the pieces are taken from.</param>
    /// <param name="slices">The pieces, in the order in which they are sent.</param>
    /// <param name="contentType">The media type of the whole; empty where it has none.</param>
    public MultipartBody(ResponseBody whole, IReadOnlyList<RangeDecision.Slice> slices, string contentType)
    {
        _whole = whole;
        var type = contentType.Length == 0 ? "" : $"Content-Type: {contentType}\r\n";
        _parts = [.. slices.Select(slice => (Encoding.Latin1.GetBytes($"\r\n--{_boundary}\r\n{type}Content-Range: {slice.Range}\r\n\r\n"), slice))];
        _end = Encoding.Latin1.GetBytes($"\r\n--{_boundary}--\r\n");
    }

    /// <summary>The media type of the response.</summary>
    public string ContentType => $"multipart/byteranges; boundary={_boundary}";

    /// <inheritdoc/>
    public override long? Length => _parts.Sum(part => part.Head.Length + part.Slice.Length) + _end.Length;

    /// <inheritdoc/>
    public override async ValueTask CopyToAsync(PipeWriter destination, CancellationToken clientGone)
    {
        foreach (var (head, slice) in _parts)
        {
            EnsureTaken(await destination.WriteAsync(head, clientGone), clientGone);
            await _whole.CopyRangeToAsync(destination, slice.Offset, slice.Length, clientGone);
        }

        EnsureTaken(await destination.WriteAsync(_end, clientGone), clientGone);
    }

    /// <inheritdoc/>
    public override ValueTask DisposeAsync() => _whole.DisposeAsync();
}
