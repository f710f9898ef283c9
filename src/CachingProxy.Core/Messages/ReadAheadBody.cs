namespace CachingProxy.Core.Messages;

/// <summary>One reader's view of shared content of known length. Fetches the next bytes while the client takes the previous ones.</summary>
/// <param name="content">The content, which any number of readers share.</param>
internal sealed class ReadAheadBody(ResponseBody content) : ResponseBody
{
    private Task<ReadOnlyMemory<byte>>? _next;
    private long _nextOffset;

    /// <inheritdoc/>
    public override long? Length => content.Length;

    /// <inheritdoc/>
    public override bool CanBeSliced => true;

    /// <inheritdoc/>
    public override async ValueTask<ReadOnlyMemory<byte>> ReadAsync(long offset, CancellationToken cancellation)
    {
        var reading = _next is { } next && _nextOffset == offset ? next : FetchAsync(offset);
        var bytes = await reading.WaitAsync(cancellation);
        _nextOffset = offset + bytes.Length;
        _next = _nextOffset < Length ? FetchAsync(_nextOffset) : null;
        return bytes;
    }

    /// <inheritdoc/>
    public override ResponseBody Slice(long offset, long length) => new ReadAheadBody(content.Slice(offset, length));

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        if (_next is { } next)
        {
            // Nobody wants these bytes any more, nor the failure to read them.
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await content.DisposeAsync();
    }

    // Ignores the reader's cancellation: a read of the store always finishes, so that nothing in the store stays open.
    private Task<ReadOnlyMemory<byte>> FetchAsync(long offset) => content.ReadAsync(offset, CancellationToken.None).AsTask();
}
