namespace CachingProxy.Core.Messages;

/// <summary>A piece of shared content for one reader: while the client takes some bytes, the next are fetched.</summary>
/// <param name="whole">The content, which any number of readers share.</param>
/// <param name="start">Where the piece begins.</param>
/// <param name="length">How long the piece is; nothing beyond it is fetched.</param>
internal sealed class ReadAheadBody(ResponseBody whole, long start, long length) : ResponseBody
{
    private Task<ReadOnlyMemory<byte>>? _next;
    private long _nextOffset;

    /// <inheritdoc/>
    public override long? Length => length;

    /// <inheritdoc/>
    public override bool CanBeSliced => true;

    /// <inheritdoc/>
    public override async ValueTask<ReadOnlyMemory<byte>> ReadAsync(long offset, CancellationToken cancellation)
    {
        if (offset >= length)
        {
            return default;
        }

        var reading = _next is { } next && _nextOffset == offset ? next : FetchAsync(offset);
        var bytes = await reading.WaitAsync(cancellation);
        bytes = bytes[..(int)Math.Min(bytes.Length, length - offset)];
        _nextOffset = offset + bytes.Length;
        _next = _nextOffset < length ? FetchAsync(_nextOffset) : null;
        return bytes;
    }

    /// <inheritdoc/>
    public override ResponseBody Slice(long offset, long length) => whole.Slice(start + offset, length);

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        if (_next is { } next)
        {
            // Nobody wants these bytes any more, nor the failure to read them.
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await whole.DisposeAsync();
    }

    // Not cancelled with the reader: a store that is asked finishes, and is not left open.
    private Task<ReadOnlyMemory<byte>> FetchAsync(long offset) => whole.ReadAsync(start + offset, CancellationToken.None).AsTask();
}
