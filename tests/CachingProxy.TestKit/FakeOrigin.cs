using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace CachingProxy.TestKit;

/// <summary>
/// An origin on a raw socket: it records what it receives byte for byte, and answers whatever a test wants, valid or not.
/// </summary>
public sealed class FakeOrigin : IAsyncDisposable
{
    private readonly TcpListener _listener;
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<ReceivedRequest, FakeOriginConnection, Task> _answer;
    private readonly Task _accepting;
    private int _connections;

    /// <summary>An origin that answers each request by a function, which writes to the connection as it likes.</summary>
    public FakeOrigin(Func<ReceivedRequest, FakeOriginConnection, Task> answer, IPAddress? address = null, int port = 0)
    {
        _answer = answer;
        _listener = new TcpListener(address ?? IPAddress.Loopback, port);
        _listener.Start();
        Url = new Uri($"http://{_listener.LocalEndpoint}");
        _accepting = AcceptAsync();
    }

    /// <summary>An origin that answers each request with raw bytes.</summary>
    public FakeOrigin(Func<ReceivedRequest, string> answer)
        : this((request, connection) => connection.SendAsync(answer(request))) { }

    public Uri Url { get; }

    /// <summary>Whether the content of a request is read before it is answered; otherwise the answer reads it, or does not.</summary>
    public bool ReadsContent { get; init; } = true;

    /// <summary>All requests so far, in order.</summary>
    public ConcurrentQueue<ReceivedRequest> Requests { get; } = new();

    /// <summary>How many connections were accepted.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>A well-formed response; extra fields are lines without their line end.</summary>
    public static string Response(string body, params string[] fields) => Response(200, body, fields);

    public static string Response(int status, string body, params string[] fields) =>
        $"HTTP/1.1 {status} Status\r\n{string.Concat(fields.Select(field => field + "\r\n"))}Content-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}";

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                Interlocked.Increment(ref _connections);
                _ = ServeAsync(client);
            }
        }
        catch (Exception end) when (end is OperationCanceledException or SocketException or InvalidOperationException) { }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            client.NoDelay = true;
            var connection = new FakeOriginConnection(client, _stop.Token);
            try
            {
                while (await ReadRequestAsync(connection, ReadsContent) is { } request)
                {
                    Requests.Enqueue(request);
                    await _answer(request, connection);
                    if (connection.IsClosed)
                    {
                        return;
                    }
                }
            }
            catch (Exception end) when (end is IOException or OperationCanceledException or ObjectDisposedException or SocketException) { }
        }
    }

    private static async Task<ReceivedRequest?> ReadRequestAsync(FakeOriginConnection connection, bool readsContent)
    {
        var head = await connection.ReadLineBlockAsync();
        if (head is null)
        {
            return null;
        }

        var request = new ReceivedRequest(head, []);
        if (!readsContent)
        {
            return request;
        }

        if (request["Expect"] is not null)
        {
            await connection.SendAsync("HTTP/1.1 100 Continue\r\n\r\n");
        }

        if (request["Transfer-Encoding"] is not null)
        {
            var body = new MemoryStream();
            while (int.Parse(await connection.ReadLineAsync(), NumberStyles.HexNumber, CultureInfo.InvariantCulture) is var size and > 0)
            {
                body.Write(await connection.ReadExactlyAsync(size));
                await connection.ReadLineAsync();
            }

            await connection.ReadLineAsync();
            return request with { Body = body.ToArray() };
        }

        var length = int.Parse(request["Content-Length"] ?? "0", CultureInfo.InvariantCulture);
        return request with { Body = await connection.ReadExactlyAsync(length) };
    }
}
