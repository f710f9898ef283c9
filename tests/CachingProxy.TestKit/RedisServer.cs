using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;

namespace CachingProxy.TestKit;

/// <summary>A Redis server of the test's own, on a free port, without a file; it ends with this.</summary>
public sealed class RedisServer : IDisposable
{
    private readonly string[] _arguments;
    private Process _process;

    private RedisServer(int port, string[] arguments)
    {
        Port = port;
        _arguments = arguments;
        _process = Launch();
    }

    public int Port { get; }

    /// <summary>Why there can be none; null where there can.</summary>
    public static string? Missing { get; } =
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, "redis-server")))
            ? null
            : "redis-server is not installed";

    public static async Task<RedisServer> StartAsync(params string[] arguments)
    {
        var server = new RedisServer(ClosedPort.Free(), arguments);
        await server.UntilItAnswersAsync();
        return server;
    }

    /// <summary>Sends a command as it would be typed, and answers with the first line of the reply.</summary>
    public async Task<string> CommandAsync(params string[] words) => (await ExchangeAsync(words, wholeReply: false)).Split("\r\n")[0];

    /// <summary>Sends a command, and answers with all of the reply; for one that comes in one piece.</summary>
    public Task<string> ReadAllAsync(params string[] words) => ExchangeAsync(words, wholeReply: true);

    public void Stop() => Signal(19);

    public void Continue() => Signal(18);

    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    public async Task RestartAsync()
    {
        _process.Dispose();
        _process = Launch();
        await UntilItAnswersAsync();
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            Continue();
            _process.Kill();
            _process.WaitForExit();
        }

        _process.Dispose();
    }

    private async Task<string> ExchangeAsync(string[] words, bool wholeReply)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, Port);
        await using var stream = client.GetStream();
        var request = $"*{words.Length}\r\n{string.Concat(words.Select(word => $"${word.Length}\r\n{word}\r\n"))}";
        await stream.WriteAsync(Encoding.Latin1.GetBytes(request));
        var reply = new StringBuilder();
        var buffer = new byte[65536];
        // A bulk reply says its length in its first line; of the others that line is all.
        while (!IsWhole(reply.ToString(), wholeReply) && await stream.ReadAsync(buffer) is var read and > 0)
        {
            reply.Append(Encoding.Latin1.GetString(buffer, 0, read));
        }

        return reply.ToString();
    }

    private static bool IsWhole(string reply, bool wholeReply) =>
        reply.IndexOf("\r\n", StringComparison.Ordinal) is var end and > 0
        && (
            !wholeReply
            || reply[0] != '$'
            || reply.Length
                >= end + 4 + Math.Max(-2, int.Parse(reply.AsSpan(1, end - 1), System.Globalization.CultureInfo.InvariantCulture))
        );

    [DllImport("libc", SetLastError = true)]
    private static extern int kill(int pid, int signal);

    private void Signal(int signal) => _ = kill(_process.Id, signal);

    private Process Launch() =>
        Process.Start(
            new ProcessStartInfo(
                "redis-server",
                ["--port", $"{Port}", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--daemonize", "no", .. _arguments]
            )
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        )!;

    private async Task UntilItAnswersAsync()
    {
        var begun = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(begun) < TimeSpan.FromSeconds(20))
        {
            try
            {
                if (await CommandAsync("PING") == "+PONG")
                {
                    return;
                }
            }
            catch (Exception failure) when (failure is SocketException or IOException) { }

            await Task.Yield();
        }

        throw new TimeoutException("The Redis server did not start.");
    }
}
