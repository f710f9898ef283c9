namespace CachingProxy.Core.Messages;

/// <summary>A piece of other content.</summary>
internal sealed class SlicedBody(ResponseBody whole, long start, long length) : ResponseBody
{
    /// <inheritdoc/>
    public override long? Length => length;

    /// <inheritdoc/>
    public override async ValueTask<ReadOnlyMemory<byte>> ReadAsync(long offset, CancellationToken cancellation)
    {
        if (offset >= length)
        {
            return default;
        }

        var bytes = await whole.ReadAsync(start + offset, cancellation);
        return bytes[..(int)Math.Min(bytes.Length, length - offset)];
    }

    /// <inheritdoc/>
    public override ValueTask DisposeAsync() => whole.DisposeAsync();
}
