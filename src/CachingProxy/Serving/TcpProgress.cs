using System.Buffers.Binary;
using System.Net.Sockets;

namespace CachingProxy.Serving;

/// <summary>
/// The progress of a connection, as the system's TCP counts it: bytes that were handed to the system may not have reached the client yet.
/// </summary>
/// <param name="Bytes">The bytes that the client has acknowledged, and those that came from it.</param>
/// <param name="IsSending">Whether bytes wait for the client to take them.</param>
internal readonly record struct TcpProgress(ulong Bytes, bool IsSending)
{
    // struct tcp_info of linux/tcp.h, which only ever grows at its end.
    private const int IpProtocolTcp = 6;
    private const int TcpInfoOption = 11;
    private const int UnacknowledgedAt = 24;
    private const int BytesAcknowledgedAt = 120;
    private const int BytesReceivedAt = 128;
    private const int NotSentAt = 144;
    private const int Size = 148;

    /// <summary>True if this system reports the progress of a connection: on Linux.</summary>
    public static bool IsKnown { get; } = OperatingSystem.IsLinux();

    /// <summary>Returns the progress so far; null if the connection has ended or the system does not report it.</summary>
    public static TcpProgress? Of(Socket socket)
    {
        if (!IsKnown)
        {
            return null;
        }

        Span<byte> info = stackalloc byte[Size];
        try
        {
            return socket.GetRawSocketOption(IpProtocolTcp, TcpInfoOption, info) < Size
                ? null
                : new TcpProgress(
                    BinaryPrimitives.ReadUInt64LittleEndian(info[BytesAcknowledgedAt..])
                        + BinaryPrimitives.ReadUInt64LittleEndian(info[BytesReceivedAt..]),
                    BinaryPrimitives.ReadUInt32LittleEndian(info[UnacknowledgedAt..]) > 0
                        || BinaryPrimitives.ReadUInt32LittleEndian(info[NotSentAt..]) > 0
                );
        }
        catch (Exception ended) when (ended is SocketException or ObjectDisposedException)
        {
            return null;
        }
    }
}
