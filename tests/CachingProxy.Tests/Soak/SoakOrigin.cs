using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace CachingProxy.Tests.Soak;

/// <summary>How the origin of the soak behaves.</summary>
internal enum SoakFault
{
    /// <summary>As it should.</summary>
    None,

    /// <summary>Nobody listens.</summary>
    Refuse,

    /// <summary>It answers when the fault is over.</summary>
    Stall,

    /// <summary>It breaks connections off before an answer.</summary>
    Reset,

    /// <summary>It breaks connections off within the content.</summary>
    Truncate,
}

/// <summary>An origin that can fail in several ways, and whose objects have versions.</summary>
internal sealed class SoakOrigin : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, long> _versions = new();
    private readonly ConcurrentDictionary<TcpClient, byte> _clients = new();
    private readonly CancellationTokenSource _stop = new();
    private TcpListener _listener = new(IPAddress.Loopback, 0);
    private volatile SoakFault _fault;
    private long _nonce;

    public SoakOrigin()
    {
        _listener.Start(512);
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _ = AcceptAsync(_listener);
    }

    public int Port { get; }

    /// <summary>The version of an object that is current now.</summary>
    public long VersionOf(string path) => _versions.GetValueOrDefault(path);

    /// <summary>The object changes; answers with its new version.</summary>
    public long Change(string path) => _versions.AddOrUpdate(path, 1, static (_, version) => version + 1);

    /// <summary>A fault begins, or the one that is ends.</summary>
    public void Begin(SoakFault fault)
    {
        if (_fault == SoakFault.Refuse && fault != SoakFault.Refuse)
        {
            _listener = new TcpListener(IPAddress.Loopback, Port);
            _listener.Start(512);
            _ = AcceptAsync(_listener);
        }

        _fault = fault;
        if (fault == SoakFault.Refuse)
        {
            _listener.Stop();
            foreach (var client in _clients.Keys)
            {
                client.Client.Close(0);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        foreach (var client in _clients.Keys)
        {
            client.Dispose();
        }
    }

    private async Task AcceptAsync(TcpListener listener)
    {
        try
        {
            while (true)
            {
                _ = ServeAsync(await listener.AcceptTcpClientAsync(_stop.Token));
            }
        }
        catch (Exception end) when (end is OperationCanceledException or SocketException or ObjectDisposedException) { }
    }

    private async Task ServeAsync(TcpClient client)
    {
        _clients.TryAdd(client, 0);
        try
        {
            client.NoDelay = true;
            var stream = client.GetStream();
            var buffer = new byte[64 * 1024];
            var held = 0;
            while (true)
            {
                int end;
                while ((end = buffer.AsSpan(0, held).IndexOf("\r\n\r\n"u8)) < 0)
                {
                    var read = await stream.ReadAsync(buffer.AsMemory(held), _stop.Token);
                    if (read == 0)
                    {
                        return;
                    }

                    held += read;
                }

                var head = Encoding.Latin1.GetString(buffer, 0, end);
                var length = LengthIn(head);
                while (held < end + 4 + length)
                {
                    var read = await stream.ReadAsync(buffer.AsMemory(held), _stop.Token);
                    if (read == 0)
                    {
                        return;
                    }

                    held += read;
                }

                var content = buffer.AsMemory(end + 4, length).ToArray();
                buffer.AsSpan(end + 4 + length, held - end - 4 - length).CopyTo(buffer);
                held -= end + 4 + length;
                if (!await AnswerAsync(client, stream, head, content))
                {
                    return;
                }
            }
        }
        catch (Exception end) when (end is IOException or OperationCanceledException or ObjectDisposedException or SocketException) { }
        finally
        {
            _clients.TryRemove(client, out _);
            client.Dispose();
        }
    }

    private static int LengthIn(string head)
    {
        var at = head.IndexOf("\r\nContent-Length:", StringComparison.OrdinalIgnoreCase);
        return at < 0
            ? 0
            : int.Parse(
                head.AsSpan(
                    at + 17,
                    head.IndexOf("\r\n", at + 2, StringComparison.Ordinal) is var next and > 0 ? next - at - 17 : head.Length - at - 17
                ),
                CultureInfo.InvariantCulture
            );
    }

    private async Task<bool> AnswerAsync(TcpClient client, NetworkStream stream, string head, byte[] content)
    {
        while (_fault == SoakFault.Stall)
        {
            await Task.Delay(100, _stop.Token);
        }

        if (_fault == SoakFault.Reset)
        {
            client.Client.Close(0);
            return false;
        }

        var path = head.Split(' ', 3)[1];
        var (fields, body) =
            path.StartsWith("/echo", StringComparison.Ordinal) ? ("Cache-Control: no-store", content)
            : path.StartsWith("/private", StringComparison.Ordinal)
                ? ("Cache-Control: private", SoakContent.Of(path, Interlocked.Increment(ref _nonce), 3000))
            : Object(path);
        await stream.WriteAsync(
            Encoding.ASCII.GetBytes(
                $"HTTP/1.1 200 OK\r\nDate: {DateTimeOffset.UtcNow:R}\r\nContent-Length: {body.Length}\r\n{fields}\r\n\r\n"
            ),
            _stop.Token
        );
        if (_fault == SoakFault.Truncate && body.Length > 0)
        {
            await stream.WriteAsync(body.AsMemory(0, body.Length / 2), _stop.Token);
            client.Client.Close(0);
            return false;
        }

        await stream.WriteAsync(body, _stop.Token);
        return true;
    }

    private (string Fields, byte[] Content) Object(string path)
    {
        // /o/17
        var (number, version) = (int.Parse(path.AsSpan(path.LastIndexOf('/') + 1), CultureInfo.InvariantCulture), VersionOf(path));
        return (
            $"Cache-Control: max-age={5 + (number % 55)}\r\nETag: \"{version}\"",
            SoakContent.Of(path, version, SoakContent.SizeOf(number))
        );
    }
}
