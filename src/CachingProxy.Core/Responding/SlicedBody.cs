using System.IO.Pipelines;
using CachingProxy.Core.Messages;

namespace CachingProxy.Core.Responding;

/// <summary>A piece of other content.</summary>
internal sealed class SlicedBody(ResponseBody whole, long offset, long length) : ResponseBody
{
    /// <inheritdoc/>
    public override long? Length => length;

    /// <inheritdoc/>
    public override ValueTask CopyToAsync(PipeWriter destination, CancellationToken clientGone) =>
        whole.CopyRangeToAsync(destination, offset, length, clientGone);

    /// <inheritdoc/>
    public override ValueTask DisposeAsync() => whole.DisposeAsync();
}
