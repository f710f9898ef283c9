using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace CachingProxy.Serving;

/// <summary>
/// Reads the header of the PROXY protocol, version 1 or 2, with which a load balancer begins a connection to tell the address of its
/// client.
/// </summary>
internal static class ProxyProtocol
{
    // The longest line of version 1, and the longest header of version 2 that we read: addresses, and some extensions that we skip.
    private const int MaxLine = 107;
    private const int MaxExtensions = 2048;
    private const int Version2Head = 16;

    private static ReadOnlySpan<byte> Signature => [0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a];

    private static ReadOnlySpan<byte> Version1 => "PROXY "u8;

    /// <summary>Reads the header, and leaves what comes after it.</summary>
    /// <returns>Whether there is a valid header, and the client that it names; null where the load balancer speaks for itself.</returns>
    public static async ValueTask<(bool IsValid, IPEndPoint? Client)> ReadAsync(PipeReader input, CancellationToken cancellation)
    {
        while (true)
        {
            var read = await input.ReadAsync(cancellation);
            var parsed = Parse(read.Buffer);
            if (parsed is { } header)
            {
                input.AdvanceTo(header.IsValid ? read.Buffer.GetPosition(header.Length) : read.Buffer.Start);
                return (header.IsValid, header.Client);
            }

            input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            if (read.IsCompleted || read.IsCanceled)
            {
                return (false, null);
            }
        }
    }

    // Null while the header is not complete.
    private static Header? Parse(ReadOnlySequence<byte> buffer)
    {
        Span<byte> start = stackalloc byte[Version2Head + MaxExtensions];
        var length = (int)Math.Min(buffer.Length, start.Length);
        buffer.Slice(0, length).CopyTo(start);
        start = start[..length];
        var prefix = Math.Min(length, Signature.Length);
        if (start[..prefix].SequenceEqual(Signature[..prefix]))
        {
            return ParseVersion2(start);
        }

        prefix = Math.Min(length, Version1.Length);
        return start[..prefix].SequenceEqual(Version1[..prefix]) ? ParseVersion1(start) : Header.Invalid;
    }

    // PROXY TCP4 192.0.2.1 192.0.2.2 56324 443
    private static Header? ParseVersion1(ReadOnlySpan<byte> start)
    {
        var end = start.IndexOf("\r\n"u8);
        if (end < 0)
        {
            return start.Length >= MaxLine ? Header.Invalid : null;
        }

        if (end + 2 > MaxLine)
        {
            return Header.Invalid;
        }

        return Encoding.ASCII.GetString(start[..end]).Split(' ') switch
        {
            ["PROXY", "UNKNOWN", ..] => new Header(true, end + 2, null),
            ["PROXY", "TCP4" or "TCP6", var source, _, var port, _] when AddressOf(source, port) is { } client => new Header(
                true,
                end + 2,
                client
            ),
            _ => Header.Invalid,
        };
    }

    private static Header? ParseVersion2(ReadOnlySpan<byte> start)
    {
        if (start.Length < Version2Head)
        {
            return null;
        }

        var (command, family) = (start[12], start[13]);
        var length = BinaryPrimitives.ReadUInt16BigEndian(start[14..]);
        if (command >> 4 != 2 || (command & 0xf) > 1 || length > MaxExtensions)
        {
            return Header.Invalid;
        }

        if (start.Length < Version2Head + length)
        {
            return null;
        }

        // LOCAL: the load balancer checks whether we live.
        var isLocal = (command & 0xf) == 0;
        var addresses = start.Slice(Version2Head, length);
        return (isLocal, family) switch
        {
            (false, 0x11) when length >= 12 => new Header(true, Version2Head + length, EndPointOf(addresses[..4], addresses[8..])),
            (false, 0x21) when length >= 36 => new Header(true, Version2Head + length, EndPointOf(addresses[..16], addresses[32..])),
            (false, 0x11 or 0x21) => Header.Invalid,
            _ => new Header(true, Version2Head + length, null),
        };
    }

    private static IPEndPoint EndPointOf(ReadOnlySpan<byte> address, ReadOnlySpan<byte> port) =>
        new(new IPAddress(address), BinaryPrimitives.ReadUInt16BigEndian(port));

    private static IPEndPoint? AddressOf(string address, string port) =>
        IPAddress.TryParse(address, out var parsed)
        && parsed.AddressFamily is AddressFamily.InterNetwork or AddressFamily.InterNetworkV6
        && ushort.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? new IPEndPoint(parsed, number)
            : null;

    private readonly record struct Header(bool IsValid, int Length, IPEndPoint? Client)
    {
        public static Header Invalid => new(false, 0, null);
    }
}
