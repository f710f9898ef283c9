namespace CachingProxy.Core.Messages;

/// <summary>No content, in the place of content that this client is not sent; lets go of that in the end.</summary>
internal sealed class UnreadBody(ResponseBody unread) : ResponseBody
{
    /// <inheritdoc/>
    public override long? Length => 0;

    /// <inheritdoc/>
    public override ValueTask<ReadOnlyMemory<byte>> ReadAsync(long offset, CancellationToken cancellation) => default;

    /// <inheritdoc/>
    public override ValueTask DisposeAsync() => unread.DisposeAsync();
}
