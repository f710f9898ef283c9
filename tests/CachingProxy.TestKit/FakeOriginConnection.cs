using System.Net.Sockets;
using System.Text;

namespace CachingProxy.TestKit;

/// <summary>One connection of a <see cref="FakeOrigin"/>, to write to and to end as a test wants.</summary>
public sealed class FakeOriginConnection
{
    private readonly TcpClient _client;
    private readonly BufferedStream _stream;
    private readonly CancellationToken _stop;

    internal FakeOriginConnection(TcpClient client, CancellationToken stop)
    {
        _client = client;
        _stream = new BufferedStream(client.GetStream());
        _stop = stop;
    }

    /// <summary>Cancelled when the origin ends.</summary>
    public CancellationToken Stopped => _stop;

    public bool IsClosed { get; private set; }

    /// <summary>The bytes as they are on the wire.</summary>
    public Stream Stream => _client.GetStream();

    /// <summary>Sends text, each character one byte.</summary>
    public Task SendAsync(string latin1) => SendAsync(Encoding.Latin1.GetBytes(latin1));

    public async Task SendAsync(byte[] bytes) => await _client.GetStream().WriteAsync(bytes, _stop);

    /// <summary>Says nothing more, and keeps the connection until the origin ends.</summary>
    public async Task HoldAsync()
    {
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = _stop.Register(stopped.SetResult);
        await stopped.Task;
        IsClosed = true;
    }

    /// <summary>Ends the connection in order (FIN).</summary>
    public void Close()
    {
        IsClosed = true;
        _client.Client.Shutdown(SocketShutdown.Both);
        _client.Close();
    }

    /// <summary>Breaks the connection (RST).</summary>
    public void Reset()
    {
        IsClosed = true;
        // Not TcpClient.Close, which shuts down in order first.
        _client.Client.Close(0);
    }

    internal async Task<string?> ReadLineBlockAsync()
    {
        var block = new StringBuilder();
        while (await ReadLineAsync() is { Length: > 0 } line)
        {
            block.Append(line).Append("\r\n");
        }

        return block.Length == 0 ? null : block.Append("\r\n").ToString();
    }

    /// <summary>The next line, without its end.</summary>
    public async Task<string> ReadLineAsync()
    {
        var line = new StringBuilder();
        var one = new byte[1];
        while (await _stream.ReadAsync(one, _stop) == 1 && one[0] != '\n')
        {
            line.Append((char)one[0]);
        }

        return line.ToString().TrimEnd('\r');
    }

    /// <summary>So many bytes.</summary>
    public async Task<byte[]> ReadExactlyAsync(int count)
    {
        var bytes = new byte[count];
        await _stream.ReadExactlyAsync(bytes, _stop);
        return bytes;
    }
}
