namespace CachingProxy.Core.Messages;

/// <summary>Stands, empty, in the place of content that is not sent to this client, and disposes of that content in the end.</summary>
internal sealed class UnreadBody(ResponseBody unread) : ResponseBody
{
    /// <inheritdoc/>
    public override long? Length => 0;

    /// <inheritdoc/>
    public override ValueTask<ReadOnlyMemory<byte>> ReadAsync(long offset, CancellationToken cancellation) => default;

    /// <inheritdoc/>
    public override ValueTask DisposeAsync() => unread.DisposeAsync();
}
