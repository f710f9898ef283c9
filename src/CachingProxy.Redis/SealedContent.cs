using System.Buffers.Binary;
using CachingProxy.Core.Stores;

namespace CachingProxy.Redis;

/// <summary>A piece of content followed by a checksum, which also covers the serial of the entry and the number of the piece.</summary>
internal static class SealedContent
{
    private const int ChecksumBytes = 4;

    /// <summary>Returns a piece with its checksum.</summary>
    /// <param name="serial">The serial of the entry.</param>
    /// <param name="number">The number of the piece, from 0; -1 for content in one piece.</param>
    /// <param name="content">The piece.</param>
    public static byte[] Seal(long serial, int number, byte[] content)
    {
        var bytes = new byte[content.Length + ChecksumBytes];
        content.CopyTo(bytes, 0);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(content.Length), EntryFormat.ContentChecksum(serial, number, content));
        return bytes;
    }

    /// <summary>Returns the piece without its checksum; null if the bytes are damaged, or belong to another piece.</summary>
    public static byte[]? Open(long serial, int number, byte[]? bytes) =>
        bytes is { Length: >= ChecksumBytes }
        && bytes[..^ChecksumBytes] is var content
        && EntryFormat.ContentChecksum(serial, number, content) == BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(content.Length))
            ? content
            : null;
}
