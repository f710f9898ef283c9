using System.IO.Pipelines;

namespace CachingProxy.Core.Messages;

/// <summary>No content, in the place of one that this client is not sent; lets go of it in the end.</summary>
internal sealed class UnreadBody(ResponseBody unread) : ResponseBody
{
    /// <inheritdoc/>
    public override long? Length => 0;

    /// <inheritdoc/>
    public override ValueTask CopyToAsync(PipeWriter destination, CancellationToken clientGone) => ValueTask.CompletedTask;

    /// <inheritdoc/>
    public override ValueTask DisposeAsync() => unread.DisposeAsync();
}
