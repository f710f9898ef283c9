using System.IO.Pipelines;
using CachingProxy.Core.Parsing;

namespace CachingProxy.Core.Messages;

/// <summary>The content of a response: stored, growing, or passing by.</summary>
public abstract class ResponseBody : IAsyncDisposable
{
    /// <summary>No content.</summary>
    public static ResponseBody Empty { get; } = new StoredBody([]);

    /// <summary>Content that is in memory as a whole, and must not change any more.</summary>
    public static ResponseBody InMemory(ReadOnlyMemory<byte> content) => new StoredBody([content]);

    /// <summary>The number of bytes, where it is known before the end.</summary>
    public abstract long? Length { get; }

    /// <summary>
    /// Writes the content as it becomes available, waiting for the reader of <paramref name="destination"/> where that is
    /// slower, and flushes all of it. Does not complete the pipe.
    /// </summary>
    /// <exception cref="OriginException">The origin's response broke off: what was written is not the whole.</exception>
    /// <exception cref="OperationCanceledException">The client has gone.</exception>
    public abstract ValueTask CopyToAsync(PipeWriter destination, CancellationToken clientGone);

    /// <summary>The fields that came after the content, once it was copied to its end; what is stored has none.</summary>
    public virtual FieldList Trailers => FieldList.Empty;

    /// <summary>Whether pieces of it can be had, and not the whole alone.</summary>
    public virtual bool CanBeSliced => false;

    /// <summary>Whether one piece of it can be had, because what comes before it can be passed over.</summary>
    public virtual bool CanBeSkipped => CanBeSliced;

    /// <summary>Writes a piece of the content as <see cref="CopyToAsync"/> does the whole.</summary>
    /// <exception cref="NotSupportedException">It cannot be sliced.</exception>
    public virtual ValueTask CopyRangeToAsync(PipeWriter destination, long offset, long length, CancellationToken clientGone) =>
        throw new NotSupportedException("This content can only be had as a whole.");

    /// <summary>Ensures that what was written can still reach the client.</summary>
    /// <exception cref="OperationCanceledException">The client has gone.</exception>
    protected static void EnsureTaken(FlushResult flushed, CancellationToken clientGone)
    {
        if (flushed.IsCompleted || flushed.IsCanceled)
        {
            throw new OperationCanceledException("The client has gone.", clientGone);
        }
    }

    /// <summary>Lets go of whatever the content comes from.</summary>
    public abstract ValueTask DisposeAsync();
}
