using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace CachingProxy.TestKit;

/// <summary>A server that speaks just enough of Redis' protocol to be taken for one, and answers some commands with whatever a test wants.</summary>
public sealed class FakeRedis : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<IReadOnlyList<string>, string?> _answer;

    /// <param name="answer">The raw reply to a command; null for the one of a sane server that holds nothing.</param>
    public FakeRedis(Func<IReadOnlyList<string>, string?> answer)
    {
        _answer = answer;
        _listener.Start();
        _ = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public void Dispose()
    {
        _stop.Cancel();
        _listener.Stop();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token));
            }
        }
        catch (Exception end) when (end is OperationCanceledException or SocketException or ObjectDisposedException) { }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                var stream = client.GetStream();
                using var reader = new StreamReader(stream, Encoding.Latin1);
                while (await ReadAsync(reader) is { } words)
                {
                    await stream.WriteAsync(Encoding.Latin1.GetBytes(_answer(words) ?? Sane(words)), _stop.Token);
                }
            }
            catch (Exception end) when (end is IOException or OperationCanceledException or ObjectDisposedException) { }
        }
    }

    private static async Task<IReadOnlyList<string>?> ReadAsync(StreamReader reader)
    {
        if (await reader.ReadLineAsync() is not { Length: > 1 } line)
        {
            return null;
        }

        var words = new string[int.Parse(line.AsSpan(1), CultureInfo.InvariantCulture)];
        for (var i = 0; i < words.Length; i++)
        {
            var text = new char[int.Parse((await reader.ReadLineAsync()).AsSpan(1), CultureInfo.InvariantCulture)];
            await reader.ReadBlockAsync(text);
            await reader.ReadLineAsync();
            words[i] = new string(text);
        }

        return words;
    }

    private static string Sane(IReadOnlyList<string> words) =>
        words[0].ToUpperInvariant() switch
        {
            "HELLO" => "-ERR unknown command\r\n",
            "ECHO" => $"${words[1].Length}\r\n{words[1]}\r\n",
            "PING" => "+PONG\r\n",
            "INFO" => "$21\r\nredis_version:7.0.0\r\n\r\n",
            "EXISTS" or "DEL" or "HDEL" or "UNLINK" or "SETNX" => ":0\r\n",
            "GET" => $"$32\r\n{new string('k', 32)}\r\n",
            "CONFIG" or "HGETALL" or "XRANGE" => "*0\r\n",
            "SUBSCRIBE" => $"*3\r\n$9\r\nsubscribe\r\n${words[1].Length}\r\n{words[1]}\r\n:1\r\n",
            // The script that looks at the log of purges: its epoch, its last and its first item.
            "EVAL" => "*4\r\n$1\r\n7\r\n$3\r\n1-0\r\n$3\r\n1-0\r\n$5\r\nbegin\r\n",
            _ => "+OK\r\n",
        };
}
