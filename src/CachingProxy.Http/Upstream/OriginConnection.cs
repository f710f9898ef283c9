using CachingProxy.Core.Messages;

namespace CachingProxy.Http.Upstream;

/// <summary>
/// A connection to an origin, as SocketsHttpHandler sees it. It can refuse to serve another request; the handler offers no way to demand
/// that once a response has begun. It also reports interim responses, which the handler keeps to itself.
/// </summary>
/// <param name="inner">The connection, decrypted.</param>
/// <param name="isHttp1">Tells whether the connection carries one exchange after the other, so that the bytes read belong to the request
/// written last.</param>
internal sealed class OriginConnection(Stream inner, bool isHttp1) : ForwardStream
{
    private volatile OriginExchange? _last;
    private volatile OriginExchange? _current;
    private volatile InterimReader? _interims;
    private volatile OriginExchange? _scanned;
    private HeadScan _scan;
    private ChunkScan _chunks;
    private bool _isChunked;
    private volatile bool _isUnanswered;
    private volatile bool _isDisposed;

    public override bool CanRead => inner.CanRead;

    public override bool CanWrite => inner.CanWrite;

    /// <summary>
    /// Lets no exchange follow <paramref name="exchange"/>, whose own response is not touched. The next request on this connection could
    /// otherwise receive bytes that the origin meant for this response.
    /// </summary>
    public void CloseAfter(OriginExchange exchange) => _last = exchange;

    // The exchange that no other may follow. The current exchange is the last one while its content is still being sent.
    private OriginExchange? Last => _last ?? (_current is { Upload.IsDone: false } uploading ? uploading : null);

    // Before the handler uses a pooled connection again, it probes the connection with a read. That read belongs to another exchange than
    // the last. It gets the end of the stream, and the handler takes the connection out of the pool.
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        Last is { } last && OriginExchange.Current != last ? ValueTask.FromResult(0) : ReadAlongAsync(buffer, cancellationToken);

    /// <exception cref="OriginException">The exchange has begun on another connection, which broke.</exception>
    /// <exception cref="IOException">No other exchange may follow on this connection: the handler then takes another
    /// connection.</exception>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (OriginExchange.Current is { } exchange && exchange.Connection != this)
        {
            if (isHttp1 && exchange.Connection is not null)
            {
                throw Broken(null);
            }

            if (Last is not null)
            {
                throw new IOException("The connection ends with the previous exchange.");
            }

            exchange.Connection = this;
            _current = exchange;
            _isUnanswered = isHttp1;
            _scan = default;
            _chunks = default;
            _isChunked = false;
            _scanned = isHttp1 ? exchange : null;
            var onContinue = exchange.Upload is { AwaitsContinue: true } asking ? asking.OnContinue : (Action?)null;
            _interims =
                isHttp1 && (exchange.OnInterim is not null || onContinue is not null)
                    ? new InterimReader(exchange.OnInterim, onContinue)
                    : null;
        }

        if (OriginExchange.Current?.Upload is { HasBegun: false } upload)
        {
            return upload.SendHeadAsync(buffer, inner, cancellationToken);
        }

        return inner.WriteAsync(buffer, cancellationToken);
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    public override void Flush() => inner.Flush();

    public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, count);

    public override void Write(byte[] buffer, int offset, int count) => inner.Write(buffer, offset, count);

    public override async ValueTask DisposeAsync()
    {
        _isDisposed = true;
        await inner.DisposeAsync();
        await base.DisposeAsync();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _isDisposed = true;
            inner.Dispose();
        }

        base.Dispose(disposing);
    }

    // The exchange that the bytes belong to is known only after the read: the probe may receive the next response.
    private async ValueTask<int> ReadAlongAsync(Memory<byte> buffer, CancellationToken cancellation)
    {
        int read;
        try
        {
            read = await inner.ReadAsync(buffer, cancellation);
        }
        catch (IOException failure) when (_isUnanswered && !_isDisposed)
        {
            throw Broken(failure);
        }

        if (read == 0 && _isUnanswered && !_isDisposed && buffer.Length > 0)
        {
            throw Broken(null);
        }

        _isUnanswered = _isUnanswered && read == 0;
        if (_scanned is { } scanned && read > 0)
        {
            var content = _scan.Read(buffer.Span[..read]);
            scanned.IsHeadRepaired = _scan.HasRepaired;
            _scanned = _scan.IsDone ? null : scanned;
            _isChunked = _scan.IsDone && _scan.IsChunked;
            CheckChunks(content);
        }
        else
        {
            CheckChunks(buffer.Span[..read]);
        }

        if (_interims is { } interims && read > 0)
        {
            interims.Read(buffer.Span[..read]);
            if (interims.IsDone)
            {
                _interims = null;
            }
        }

        return read;
    }

    private void CheckChunks(ReadOnlySpan<byte> bytes)
    {
        if (_isChunked)
        {
            _chunks.Read(bytes);
            if (_chunks.HasBareLineFeed)
            {
                throw new OriginException(OriginError.InvalidResponse, "The origin's chunks are not framed as they must be.");
            }
        }
    }

    // SocketsHttpHandler sends a request again by itself, several times and with any method, when a connection ends. An OriginException
    // prevents that, so that HttpOrigin decides whether to send again.
    private static OriginException Broken(Exception? cause) =>
        new(OriginError.Disconnected, "The connection to the origin broke before it had answered.", cause);
}
