using System.Buffers;
using System.IO.Pipelines;

namespace CachingProxy.Core.Responding;

/// <summary>Content that is in memory as a whole: chunks that never change. Any number of requests share it.</summary>
internal sealed class StoredBody : ResponseBody
{
    // Copying ahead of the flush saves system calls; more than this at a time only fills the connection's buffer.
    private const int FlushBytes = 256 * 1024;

    private readonly ReadOnlyMemory<byte>[] _chunks;
    private readonly long _length;

    public StoredBody(ReadOnlyMemory<byte>[] chunks)
    {
        _chunks = chunks;
        foreach (var chunk in chunks)
        {
            _length += chunk.Length;
        }
    }

    /// <inheritdoc/>
    public override long? Length => _length;

    /// <inheritdoc/>
    public override ValueTask CopyToAsync(PipeWriter destination, CancellationToken clientGone)
    {
        if (_length > FlushBytes)
        {
            return CopyInStepsAsync(destination, clientGone);
        }

        foreach (var chunk in _chunks)
        {
            destination.Write(chunk.Span);
        }

        return FlushAsync(destination, clientGone);
    }

    /// <inheritdoc/>
    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async ValueTask CopyInStepsAsync(PipeWriter destination, CancellationToken clientGone)
    {
        var unflushed = 0;
        foreach (var chunk in _chunks)
        {
            destination.Write(chunk.Span);
            unflushed += chunk.Length;
            if (unflushed >= FlushBytes)
            {
                await FlushAsync(destination, clientGone);
                unflushed = 0;
            }
        }

        await FlushAsync(destination, clientGone);
    }

    private static ValueTask FlushAsync(PipeWriter destination, CancellationToken clientGone)
    {
        var flush = destination.FlushAsync(clientGone);
        if (flush.IsCompletedSuccessfully)
        {
            _ = flush.GetAwaiter().GetResult();
            return ValueTask.CompletedTask;
        }

        return AwaitAsync(flush);
    }

    private static async ValueTask AwaitAsync(ValueTask<FlushResult> flush) => await flush;
}
