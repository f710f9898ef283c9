using System.IO.Pipelines;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Parsing;

namespace CachingProxy.Core.Responding;

/// <summary>
/// Content that is not kept: it passes from the origin to one client, at that client's pace, each piece as it arrives.
/// </summary>
internal sealed class PassingBody(OriginResponse response) : ResponseBody
{
    private const int BufferBytes = 32 * 1024;

    /// <inheritdoc/>
    public override long? Length => response.ContentLength;

    /// <inheritdoc/>
    public override FieldList Trailers => response.Trailers();

    /// <inheritdoc/>
    public override async ValueTask CopyToAsync(PipeWriter destination, CancellationToken clientGone)
    {
        while (true)
        {
            var read = await response.Body.ReadAsync(destination.GetMemory(BufferBytes), clientGone);
            if (read == 0)
            {
                return;
            }

            destination.Advance(read);
            EnsureTaken(await destination.FlushAsync(clientGone), clientGone);
        }
    }

    /// <inheritdoc/>
    public override ValueTask DisposeAsync() => response.DisposeAsync();
}
