using System.Net;
using System.Net.Sockets;

namespace CachingProxy.TestKit;

/// <summary>
/// A port of this machine on which nobody listens, and nobody else can as long as this lives: connections to it are refused. Afterwards it is free, and none
/// that the system gives to whoever asks for any.
/// </summary>
public sealed class ClosedPort : IDisposable
{
    private readonly Socket _socket;

    public ClosedPort()
    {
        while (true)
        {
            _socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                // Below those that Linux gives out.
                _socket.Bind(new IPEndPoint(IPAddress.Loopback, Random.Shared.Next(20_000, 32_000)));
                return;
            }
            catch (SocketException)
            {
                _socket.Dispose();
            }
        }
    }

    public int Port => ((IPEndPoint)_socket.LocalEndPoint!).Port;

    public Uri Url => new($"http://127.0.0.1:{Port}");

    /// <summary>The number of a port that is free, to be listened on soon.</summary>
    public static int Free()
    {
        using var closed = new ClosedPort();
        return closed.Port;
    }

    public void Dispose() => _socket.Dispose();
}
