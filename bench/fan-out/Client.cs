using System.Buffers.Binary;
using System.Diagnostics;
using System.Net.Sockets;
using System.Text;

namespace CachingProxy.FanOut;

/// <summary>One client on a connection of its own: what it received, and when.</summary>
internal sealed record Client(long FirstByteAt, long Bytes, ulong Checksum, IReadOnlyList<TimeSpan> Took)
{
    public static async Task<Client> GetAsync(Uri server, string path, int requests = 1)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(server.Host, server.Port);
        var request = Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: {server.Authority}\r\n\r\n");
        var buffer = new byte[64 * 1024];
        var took = new List<TimeSpan>();
        var (firstByteAt, bytes, checksum) = (0L, 0L, 0UL);
        for (var i = 0; i < requests; i++)
        {
            var began = Stopwatch.GetTimestamp();
            await socket.SendAsync(request);
            (firstByteAt, bytes, checksum) = await ReadAsync(socket, buffer);
            took.Add(Stopwatch.GetElapsedTime(began));
        }

        return new Client(firstByteAt, bytes, checksum, took);
    }

    // The first byte is the first of the content: a head alone helps nobody.
    private static async Task<(long FirstByteAt, long Bytes, ulong Checksum)> ReadAsync(Socket socket, byte[] buffer)
    {
        var filled = 0;
        int end;
        while ((end = buffer.AsSpan(0, filled).IndexOf("\r\n\r\n"u8)) < 0)
        {
            filled += await ReceiveAsync(socket, buffer.AsMemory(filled));
        }

        var head = Encoding.ASCII.GetString(buffer, 0, end);
        var length = head.Split("\r\n").FirstOrDefault(line => line.StartsWith("Content-Length: ", StringComparison.OrdinalIgnoreCase))
            is { } line
            ? long.Parse(line["Content-Length: ".Length..])
            : (long?)null;
        buffer.AsSpan(end + 4, filled - end - 4).CopyTo(buffer);
        filled -= end + 4;
        if (filled == 0)
        {
            filled = await ReceiveAsync(socket, buffer);
        }

        var firstByteAt = Stopwatch.GetTimestamp();
        if (length is null)
        {
            return (firstByteAt, await ReadChunksAsync(socket, buffer, filled), 0);
        }

        var (bytes, checksum) = (0L, 0UL);
        while (true)
        {
            checksum = Add(checksum, bytes, buffer.AsSpan(0, filled));
            bytes += filled;
            if (bytes >= length)
            {
                return (firstByteAt, bytes, checksum);
            }

            filled = await ReceiveAsync(socket, buffer);
        }
    }

    private static async Task<long> ReadChunksAsync(Socket socket, byte[] buffer, int filled)
    {
        var bytes = 0L;
        var at = 0;
        while (true)
        {
            int end;
            while ((end = buffer.AsSpan(at, filled - at).IndexOf("\r\n"u8)) < 0)
            {
                buffer.AsSpan(at, filled - at).CopyTo(buffer);
                (filled, at) = (filled - at, 0);
                filled += await ReceiveAsync(socket, buffer.AsMemory(filled));
            }

            var left = Convert.ToInt64(Encoding.ASCII.GetString(buffer, at, end), 16);
            if (left == 0)
            {
                return bytes;
            }

            bytes += left;
            at += end + 2;
            left += 2;
            while (left > filled - at)
            {
                left -= filled - at;
                (at, filled) = (0, await ReceiveAsync(socket, buffer));
            }

            at += (int)left;
        }
    }

    private static async Task<int> ReceiveAsync(Socket socket, Memory<byte> buffer) =>
        await socket.ReceiveAsync(buffer) is var read and > 0
            ? read
            : throw new IOException("The connection ended before the response was whole.");

    // Depends on the place of each byte, and not on how they were cut up on the way.
    private static ulong Add(ulong checksum, long offset, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            var isWord = (offset & 7) == 0 && bytes.Length >= 8;
            var word = isWord ? BinaryPrimitives.ReadUInt64LittleEndian(bytes) : (ulong)bytes[0] << (int)((offset & 7) * 8);
            checksum += word * ((ulong)(offset >> 3 << 1) | 1);
            bytes = bytes[(isWord ? 8 : 1)..];
            offset += isWord ? 8 : 1;
        }

        return checksum;
    }
}
