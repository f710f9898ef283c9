namespace CachingProxy.AspNetCore.Upstream;

/// <summary>
/// A connection to an origin, as SocketsHttpHandler sees it. It can be kept from being used for another request, which
/// the handler itself offers no way to ask for once a response has begun.
/// </summary>
internal sealed class OriginConnection(Stream inner) : Stream
{
    private volatile OriginExchange? _last;

    public override bool CanRead => inner.CanRead;

    public override bool CanSeek => false;

    public override bool CanWrite => inner.CanWrite;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>
    /// The response to <paramref name="exchange"/> ends as it ends, but no other follows it: the next request on this
    /// connection could be answered with what the origin meant to belong to this response.
    /// </summary>
    public void CloseAfter(OriginExchange exchange) => _last = exchange;

    // Before a pooled connection is used again it is probed with a read. That read belongs to another exchange, and the
    // end of the stream takes the connection out of the pool.
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        _last is { } last && OriginExchange.Current != last ? ValueTask.FromResult(0) : inner.ReadAsync(buffer, cancellationToken);

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (OriginExchange.Current is { } exchange)
        {
            exchange.Connection = this;
        }

        return inner.WriteAsync(buffer, cancellationToken);
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    public override void Flush() => inner.Flush();

    public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, count);

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => inner.Write(buffer, offset, count);

    public override async ValueTask DisposeAsync()
    {
        await inner.DisposeAsync();
        await base.DisposeAsync();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }
}
