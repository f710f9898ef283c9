using System.Buffers;
using System.Globalization;
using System.Text;
using CachingProxy.Core.Messages;

namespace CachingProxy.Http.Upstream;

/// <summary>
/// The content of a request, on its way to an origin that speaks HTTP/1.1. SocketsHttpHandler does not read a response while it sends
/// content. So the handler gets empty content, and this class itself sends the real content. A response that arrives meanwhile is used,
/// however much of the content has been sent (RFC 9112 §9.5).
/// </summary>
/// <param name="content">The content, read only as fast as the origin takes it.</param>
/// <param name="length">The number of bytes of the content; null where it is unknown and the content is sent in chunks.</param>
/// <param name="awaitsContinue">True if the request first asks the origin whether it wants the content (RFC 9110 §10.1.1).</param>
/// <param name="silence">The limit for the origin's silence. It is paused while the upload waits for the client, unless the origin has
/// begun to answer.</param>
internal sealed class Upload(Stream content, long? length, bool awaitsContinue, SilenceLimit silence) : IAsyncDisposable
{
    private const int BufferBytes = 64 * 1024;

    // `SizeBytes` is enough for the size of a chunk in up to eight digits, and for the line end after the size.
    private const int SizeBytes = 10;
    private const int LineEndBytes = 2;

    // RFC 9110 §10.1.1: an origin possibly ignores the expectation, so the upload waits no longer than this for a 100.
    private static readonly TimeSpan ContinueTimeout = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _continued = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ArrayBufferWriter<byte> _head = new();
    private Task _pump = Task.CompletedTask;
    private volatile bool _isDone;

    private static ReadOnlySpan<byte> EmptyFraming => "\r\nContent-Length: 0\r\n"u8;

    /// <summary>True if the request first asks the origin whether it wants the content.</summary>
    public bool AwaitsContinue => awaitsContinue;

    /// <summary>Tells whether the head has been sent.</summary>
    public bool HasBegun { get; private set; }

    /// <summary>Tells whether all of the content has been sent, so that another request may follow.</summary>
    public bool IsDone => _isDone;

    /// <summary>Starts sending the content, because the origin has asked for it (100).</summary>
    public void OnContinue() => _continued.TrySetResult();

    /// <summary>
    /// Collects the head that the handler writes. As soon as the head is whole, sends it with the true framing, and then starts to send the
    /// content in the background.
    /// </summary>
    public async ValueTask SendHeadAsync(ReadOnlyMemory<byte> bytes, Stream connection, CancellationToken cancellation)
    {
        _head.Write(bytes.Span);
        if (_head.WrittenSpan.IndexOf("\r\n\r\n"u8) < 0)
        {
            return;
        }

        HasBegun = true;
        await connection.WriteAsync(Reframe(_head.WrittenSpan), cancellation);
        await connection.FlushAsync(cancellation);
        _pump = Task.Run(() => PumpAsync(connection), CancellationToken.None);
    }

    /// <summary>Stops sending, and waits until nobody reads the content any more.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _pump;
        _stop.Dispose();
    }

    private byte[] Reframe(ReadOnlySpan<byte> head)
    {
        var at = head.IndexOf(EmptyFraming);
        if (at < 0)
        {
            throw new InvalidOperationException("The handler has framed the empty content in an unexpected way.");
        }

        var framing = length is { } known
            ? string.Create(CultureInfo.InvariantCulture, $"Content-Length: {known}")
            : "Transfer-Encoding: chunked";
        return
        [
            .. head[..at],
            .. Encoding.ASCII.GetBytes($"\r\n{framing}\r\n{(awaitsContinue ? "Expect: 100-continue\r\n" : "")}"),
            .. head[(at + EmptyFraming.Length)..],
        ];
    }

    private async Task PumpAsync(Stream connection)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            if (awaitsContinue)
            {
                await Task.WhenAny(_continued.Task, Task.Delay(ContinueTimeout, _stop.Token));
                _stop.Token.ThrowIfCancellationRequested();
            }

            await SendAsync(connection, buffer);
            _isDone = true;
        }
        catch (OriginException failure) when (failure.Error is OriginError.ClientContent or OriginError.ClientTimeout)
        {
            // The rest of the content cannot be sent, so the exchange ends here.
            silence.End(failure);
        }
        catch (Exception failure) when (failure is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // The origin takes no more content. The reader of the response finds out whether the origin has answered.
            silence.OnUploadMoved();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async Task SendAsync(Stream connection, byte[] buffer)
    {
        for (var left = length ?? long.MaxValue; left > 0; )
        {
            silence.OnUploadWaits();
            var room = buffer.AsMemory(SizeBytes, (int)Math.Min(left, BufferBytes - SizeBytes - LineEndBytes));
            var read = await content.ReadAsync(room, _stop.Token);
            silence.OnUploadMoved();
            if (read == 0 && length is not null)
            {
                throw new OriginException(OriginError.ClientContent, "The content of the request ended before it was whole.");
            }

            await connection.WriteAsync(length is null ? Chunk(buffer, read) : room[..read], _stop.Token);
            await connection.FlushAsync(_stop.Token);
            silence.OnUploadMoved();
            left = read == 0 ? 0 : left - read;
        }
    }

    // RFC 9112 §7.1. The last chunk is the one without content.
    private static Memory<byte> Chunk(byte[] buffer, int count)
    {
        Span<byte> size = stackalloc byte[SizeBytes];
        count.TryFormat(size, out var digits, "x", CultureInfo.InvariantCulture);
        "\r\n"u8.CopyTo(size[digits..]);
        var start = SizeBytes - digits - LineEndBytes;
        size[..(digits + LineEndBytes)].CopyTo(buffer.AsSpan(start));
        "\r\n"u8.CopyTo(buffer.AsSpan(SizeBytes + count));
        return buffer.AsMemory(start, digits + LineEndBytes + count + LineEndBytes);
    }
}
