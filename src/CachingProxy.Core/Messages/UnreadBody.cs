namespace CachingProxy.Core.Messages;

/// <summary>An empty body in place of content that is not sent to this client. Disposing of it disposes of that content.</summary>
internal sealed class UnreadBody(ResponseBody unread) : ResponseBody
{
    /// <inheritdoc/>
    public override long? Length => 0;

    /// <inheritdoc/>
    public override ValueTask<ReadOnlyMemory<byte>> ReadAsync(long offset, CancellationToken cancellation) => default;

    /// <inheritdoc/>
    public override ValueTask DisposeAsync() => unread.DisposeAsync();
}
