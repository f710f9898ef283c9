using System.Net.Sockets;
using System.Text;

namespace CachingProxy.TestKit;

/// <summary>A client on a raw socket: sends bytes as they are, and reads what comes.</summary>
public sealed class RawClient : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly TcpClient _client = new() { NoDelay = true };

    private RawClient() { }

    public NetworkStream Stream { get; private set; } = null!;

    public static async Task<RawClient> ConnectAsync(Uri server)
    {
        var client = new RawClient();
        await client._client.ConnectAsync(server.Host, server.Port);
        client.Stream = client._client.GetStream();
        return client;
    }

    /// <summary>Sends bytes on a connection of their own and reads until the server closes it, or nothing more comes.</summary>
    public static async Task<string> ExchangeAsync(Uri server, string request)
    {
        using var client = await ConnectAsync(server);
        await client.SendAsync(request);
        return await client.ReadToEndAsync();
    }

    public async Task SendAsync(string latin1) => await Stream.WriteAsync(Encoding.Latin1.GetBytes(latin1));

    /// <summary>Everything until the end of the connection.</summary>
    public async Task<string> ReadToEndAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        var received = new MemoryStream();
        try
        {
            await Stream.CopyToAsync(received, patience.Token);
        }
        catch (IOException)
        {
            received.Write("<RST>"u8);
        }

        return Encoding.Latin1.GetString(received.ToArray());
    }

    /// <summary>Everything until a text has come.</summary>
    public async Task<string> ReadUntilAsync(string text)
    {
        using var patience = new CancellationTokenSource(Patience);
        var received = new StringBuilder();
        var buffer = new byte[4096];
        while (!received.ToString().Contains(text, StringComparison.Ordinal))
        {
            var read = await Stream.ReadAsync(buffer, patience.Token);
            if (read == 0)
            {
                throw new EndOfStreamException($"The connection ended before '{text}' came: {received}");
            }

            received.Append(Encoding.Latin1.GetString(buffer, 0, read));
        }

        return received.ToString();
    }

    /// <summary>Ends our half of the connection; the server may have ended all of it already.</summary>
    public void EndSending()
    {
        try
        {
            _client.Client.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException) { }
    }

    /// <summary>Breaks the connection (RST).</summary>
    public void Reset() => _client.Client.Close(0);

    public void Dispose() => _client.Dispose();
}
