using System.Net;
using CachingProxy.Core.Fetching;

namespace CachingProxy.AspNetCore.Upstream;

/// <summary>The content of a client's request on its way to the origin: streamed, each piece as it arrives.</summary>
internal sealed class ClientContent : HttpContent
{
    private const int BufferBytes = 64 * 1024;

    private readonly Stream _content;
    private readonly long? _length;
    private readonly SilenceLimit _silence;

    public ClientContent(Stream content, long? length, SilenceLimit silence)
    {
        _content = content;
        _length = length;
        _silence = silence;
        Headers.ContentLength = length;
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        var buffer = System.Buffers.ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            while (true)
            {
                _silence.Pause();
                var read = await ReadFromClientAsync(buffer, cancellationToken);
                _silence.OnSignOfLife();
                if (read == 0)
                {
                    return;
                }

                await stream.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
                await stream.FlushAsync(cancellationToken);
            }
        }
        finally
        {
            System.Buffers.ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = _length ?? 0;
        return _length is not null;
    }

    // Whatever goes wrong while reading is the client's fault, and must never look like the origin's.
    private async ValueTask<int> ReadFromClientAsync(byte[] buffer, CancellationToken cancellation)
    {
        try
        {
            return await _content.ReadAsync(buffer, cancellation);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            throw new OriginException(OriginError.ClientContent, "The content of the request did not arrive as announced.", failure);
        }
    }
}
