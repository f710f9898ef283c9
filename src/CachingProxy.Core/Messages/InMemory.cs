namespace CachingProxy.Core.Messages;

/// <summary>Reads content into memory.</summary>
internal static class InMemory
{
    private const int ChunkBytes = 64 * 1024;

    /// <summary>Returns copies of all bytes of some content, in pieces that stay out of the large object heap.</summary>
    /// <exception cref="OriginException">The content broke off.</exception>
    public static async ValueTask<IReadOnlyList<ReadOnlyMemory<byte>>> ReadAsync(ResponseBody body)
    {
        var pieces = new List<ReadOnlyMemory<byte>>();
        var buffer = new byte[Math.Min(ChunkBytes, body.Length ?? ChunkBytes)];
        await using var content = body.ReadAhead().AsStream();
        while (await content.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false) is var read and > 0)
        {
            pieces.Add(buffer.AsMemory(0, read).ToArray());
        }

        return pieces;
    }
}
