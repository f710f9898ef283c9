using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using CachingProxy.Core.Messages;

namespace CachingProxy.AspNetCore.Requests;

/// <summary>
/// The content of a client's request, which may still be read while the response is written. This stream limits how long the client may
/// send nothing. It must not be read after the end of the request. If a response begins before all content was read, no other request
/// follows on the connection (RFC 9112 §9.5). One reader at a time.
/// </summary>
public sealed class ClientContent : ForwardStream
{
    // A client that is still sending when it gets a response continues to send for a moment. If the connection were closed at once, a TCP
    // reset would follow, and the client could lose the response.
    private static readonly TimeSpan Linger = TimeSpan.FromSeconds(5);

    private readonly Exchange _exchange;
    private readonly PipeReader _content;
    private readonly TimeSpan _maxSilence;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _end = new();
    private readonly Lock _lock = new();
    private TaskCompletionSource? _reading;
    private long _read;
    private bool _hasBegun;
    private volatile bool _isWhole;
    private volatile bool _isLeftUnread;

    private ClientContent(Exchange exchange, TimeSpan maxSilence, TimeProvider time)
    {
        _exchange = exchange;
        _content = exchange.ContentReader;
        _maxSilence = maxSilence;
        _time = time;
    }

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <summary>Tells whether somebody waits for the client to send more.</summary>
    public bool IsAwaited => _reading is { Task.IsCompleted: false };

    /// <summary>The number of bytes that were read.</summary>
    public long BytesRead => Volatile.Read(ref _read);

    /// <summary>Replaces a request's body by a new stream. Returns this stream; null if the request has no content.</summary>
    /// <param name="exchange">The request, of which nothing has been read.</param>
    /// <param name="maxSilence">How long the client may send nothing while somebody reads.</param>
    /// <param name="time">The clock.</param>
    public static ClientContent? Of(Exchange exchange, TimeSpan maxSilence, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(exchange);
        if (!exchange.HasContent)
        {
            return null;
        }

        var content = new ClientContent(exchange, maxSilence, time);
        exchange.Content = content;
        exchange.OnStarting(content.OnResponseStartingAsync);
        return content;
    }

    /// <inheritdoc/>
    /// <exception cref="OriginException">
    /// The client sent nothing for too long (<see cref="OriginError.ClientTimeout"/>), or its content is not as announced (<see
    /// cref="OriginError.ClientContent"/>).
    /// </exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            _end.Token.ThrowIfCancellationRequested();
            _reading = done;
            _hasBegun = true;
        }

        using var silence = new CancellationTokenSource(_maxSilence, _time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _end.Token, silence.Token);
        try
        {
            var read = await TakeAsync(buffer, stop.Token);
            _read += read;
            _isWhole = _isWhole || (read == 0 && buffer.Length > 0) || _read == _exchange.RequestHeaders.ContentLength;
            return read;
        }
        catch (OperationCanceledException) when (silence.IsCancellationRequested)
        {
            throw new OriginException(
                OriginError.ClientTimeout,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"Nothing of the request's content came for {_maxSilence.TotalSeconds} seconds."
                )
            );
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            // Whatever goes wrong while reading is the client's fault, and must never look like the origin's.
            throw new OriginException(OriginError.ClientContent, "The content of the request did not arrive as announced.", failure);
        }
        finally
        {
            done.SetResult();
        }
    }

    /// <summary>
    /// Ends a read that is under way and waits for its end. If a client is still sending, completes the response, and then discards the
    /// client's content for up to 5 seconds.
    /// </summary>
    public override async ValueTask DisposeAsync()
    {
        Task reading;
        lock (_lock)
        {
            reading = _reading?.Task ?? Task.CompletedTask;
            _end.Cancel();
        }

        await reading;
        _end.Dispose();
        // A client that waits for a 100 has sent nothing yet, and a read would tell the client to send its content.
        if (_isLeftUnread && !_isWhole && (_hasBegun || _exchange.RequestHeaders.Expect.Count == 0))
        {
            await DrainAsync();
        }

        await base.DisposeAsync();
    }

    private async ValueTask<int> TakeAsync(Memory<byte> buffer, CancellationToken cancellation)
    {
        // Kestrel's reader gets no token: a cancelled token would leave the reader as if it were still reading.
        using var cancelled = cancellation.UnsafeRegister(static content => ((PipeReader)content!).CancelPendingRead(), _content);
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            var result = await _content.ReadAsync(CancellationToken.None);
            var taken = (int)Math.Min(result.Buffer.Length, buffer.Length);
            result.Buffer.Slice(0, taken).CopyTo(buffer.Span);
            _content.AdvanceTo(result.Buffer.GetPosition(taken));
            if (taken > 0 || result.IsCompleted || buffer.Length == 0)
            {
                return taken;
            }
        }
    }

    private Task OnResponseStartingAsync()
    {
        _isLeftUnread = !_isWhole;
        // Without `close`, a proxy in front of us could treat bytes as the next request while we treat the same bytes as content.
        if (_isLeftUnread || _exchange.RequestHeaders.Expect.Count > 0)
        {
            _exchange.ResponseHeaders.Connection = "close";
        }

        return Task.CompletedTask;
    }

    private async Task DrainAsync()
    {
        using var enough = new CancellationTokenSource(Linger, _time);
        try
        {
            await _exchange.CompleteAsync();
            var buffer = new byte[16 * 1024];
            while (await TakeAsync(buffer, enough.Token) > 0) { }
        }
        catch (Exception end) when (end is IOException or OperationCanceledException or InvalidOperationException) { }
    }
}
