using System.Buffers.Binary;
using CachingProxy.Core.Messages;

namespace CachingProxy.Core.Stores.Memory;

/// <summary>The bytes of an entry in a slab: a header that identifies and measures it, its head, and its content.</summary>
/// <remarks>
/// <code>
/// hash of the key, length of the head, length of the content, CRC-32C of serial, seal, head and content   4 bytes each
/// head, content, and up to seven bytes so that the next one begins at a multiple of eight
/// </code>
/// The checksum begins with the serial, which the slot holds, and the seal of the template. So a slot never takes the bytes of another
/// entry for those of its own.
/// </remarks>
internal static class Segment
{
    private const int HeaderBytes = 16;

    /// <summary>Returns the length of the segment of an entry in bytes.</summary>
    public static long LengthOf(long headBytes, long contentBytes) => (HeaderBytes + headBytes + contentBytes + 7) & ~7L;

    /// <summary>Writes a segment.</summary>
    public static byte[] Write(int hash, long serial, long seal, ReadOnlySpan<byte> head, StoredBody content)
    {
        var contentBytes = (int)content.Length!.Value;
        var segment = new byte[LengthOf(head.Length, contentBytes)];
        BinaryPrimitives.WriteInt32LittleEndian(segment, hash);
        BinaryPrimitives.WriteInt32LittleEndian(segment.AsSpan(4), head.Length);
        BinaryPrimitives.WriteInt32LittleEndian(segment.AsSpan(8), contentBytes);
        head.CopyTo(segment.AsSpan(HeaderBytes));
        content.CopyTo(segment.AsSpan(HeaderBytes + head.Length));
        BinaryPrimitives.WriteUInt32LittleEndian(
            segment.AsSpan(12),
            ChecksumOf(serial, seal, segment.AsSpan(HeaderBytes, head.Length + contentBytes))
        );
        return segment;
    }

    /// <summary>Returns the hash and the length of the segment at the start of the given bytes.</summary>
    public static (int Hash, int Length) Measure(ReadOnlySpan<byte> segment)
    {
        var (head, content) = LengthsOf(segment);
        return (BinaryPrimitives.ReadInt32LittleEndian(segment), (int)LengthOf(head, content));
    }

    /// <summary>Returns the head of a segment that is known to be whole.</summary>
    public static ReadOnlySpan<byte> HeadOf(ReadOnlySpan<byte> segment) => segment.Slice(HeaderBytes, LengthsOf(segment).Head);

    /// <summary>Splits a copy of a segment into head and content. Returns false where it is not the segment of this entry.</summary>
    public static bool TryRead(
        ReadOnlyMemory<byte> segment,
        long serial,
        long seal,
        out ReadOnlyMemory<byte> head,
        out ReadOnlyMemory<byte> content
    )
    {
        var (headBytes, contentBytes) = LengthsOf(segment.Span);
        if (
            headBytes < 0
            || contentBytes < 0
            || LengthOf(headBytes, contentBytes) != segment.Length
            || ChecksumOf(serial, seal, segment.Span.Slice(HeaderBytes, headBytes + contentBytes))
                != BinaryPrimitives.ReadUInt32LittleEndian(segment.Span[12..])
        )
        {
            (head, content) = (default, default);
            return false;
        }

        (head, content) = (segment.Slice(HeaderBytes, headBytes), segment.Slice(HeaderBytes + headBytes, contentBytes));
        return true;
    }

    private static (int Head, int Content) LengthsOf(ReadOnlySpan<byte> segment) =>
        (BinaryPrimitives.ReadInt32LittleEndian(segment[4..]), BinaryPrimitives.ReadInt32LittleEndian(segment[8..]));

    private static uint ChecksumOf(long serial, long seal, ReadOnlySpan<byte> bytes)
    {
        Span<byte> whose = stackalloc byte[16];
        BinaryPrimitives.WriteInt64LittleEndian(whose, serial);
        BinaryPrimitives.WriteInt64LittleEndian(whose[8..], seal);
        return EntryFormat.Checksum(bytes, EntryFormat.Checksum(whose));
    }
}
