using System.IO.Pipelines;
using CachingProxy.Core.Messages;

namespace CachingProxy.Core.Responding;

/// <summary>Two pieces of content, one after the other.</summary>
internal sealed class ConcatenatedBody(ResponseBody first, ResponseBody second) : ResponseBody
{
    /// <inheritdoc/>
    public override long? Length => first.Length + second.Length;

    /// <inheritdoc/>
    public override async ValueTask CopyToAsync(PipeWriter destination, CancellationToken clientGone)
    {
        await first.CopyToAsync(destination, clientGone);
        await second.CopyToAsync(destination, clientGone);
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        await first.DisposeAsync();
        await second.DisposeAsync();
    }
}
