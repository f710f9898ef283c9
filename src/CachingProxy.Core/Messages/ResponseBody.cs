using System.IO.Pipelines;
using CachingProxy.Core.Parsing;

namespace CachingProxy.Core.Messages;

/// <summary>
/// The content of a response: stored, still growing, or only passed on. Readers pull the bytes, and <see cref="ReadAsync"/> is the only way
/// of reading that a kind of content must implement.
/// </summary>
/// <remarks>Content of a stored response is shared by any number of readers and threads; all other content has one reader, who reads
/// forwards.</remarks>
public abstract class ResponseBody : IAsyncDisposable
{
    /// <summary>No content.</summary>
    public static ResponseBody Empty { get; } = new StoredBody([]);

    /// <summary>Returns content that is in memory as a whole, and must not change any more.</summary>
    public static ResponseBody InMemory(ReadOnlyMemory<byte> content) => new StoredBody([content]);

    /// <summary>The number of bytes, where it is known before the end.</summary>
    public abstract long? Length { get; }

    /// <summary>The fields that came after the content, once it was read to its end; stored content has none.</summary>
    public virtual FieldList Trailers => FieldList.Empty;

    /// <summary>Tells whether pieces of the content can be read in any order.</summary>
    public virtual bool CanBeSliced => false;

    /// <summary>Tells whether one piece of the content can be read, because the bytes before it can be passed over.</summary>
    public virtual bool CanBeSkipped => CanBeSliced;

    /// <summary>
    /// Returns the bytes from <paramref name="offset"/> on that are at hand. Waits until there is at least one; returns nothing at the end.
    /// The bytes are valid until the next read.
    /// </summary>
    /// <param name="offset"> The place to read from, in bytes from the beginning. Content that cannot be sliced is only read forwards: the
    /// offset never decreases. Content that can be neither sliced nor skipped is read without gaps. </param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="OriginException">The origin's response broke off: the bytes so far are not the whole.</exception>
    /// <exception cref="OperationCanceledException">The wait was ended.</exception>
    public abstract ValueTask<ReadOnlyMemory<byte>> ReadAsync(long offset, CancellationToken cancellation);

    /// <summary>Returns a piece of the content. Disposing of the piece disposes of the content.</summary>
    public virtual ResponseBody Slice(long offset, long length) => new SlicedBody(this, offset, length);

    /// <summary>
    /// Returns the content for one reader, and fetches the next bytes while that reader works on the previous ones. Returns this body where
    /// nothing has to be fetched.
    /// </summary>
    public virtual ResponseBody ReadAhead() => this;

    /// <summary>
    /// Returns a stream over the content for one reader. Disposing of the stream disposes of the content. The stream can only be read
    /// asynchronously.
    /// </summary>
    public Stream AsStream() => new BodyStream(this);

    /// <summary>
    /// Writes the content as it becomes available, waiting for the reader of <paramref name="destination"/> where that is
    /// slower, and flushes all of it. Does not complete the pipe.
    /// </summary>
    /// <exception cref="OriginException">The origin's response broke off: the bytes written are not the whole.</exception>
    /// <exception cref="OperationCanceledException">The client has gone.</exception>
    public async ValueTask CopyToAsync(PipeWriter destination, CancellationToken clientGone, IProgress<long>? written = null)
    {
        ArgumentNullException.ThrowIfNull(destination);
        long offset = 0;
        while (await ReadAsync(offset, clientGone) is { IsEmpty: false } bytes)
        {
            // WriteAsync rather than GetMemory: a server whose response has not begun would copy the bytes written there twice.
            var flushed = await destination.WriteAsync(bytes, clientGone);
            if (flushed.IsCompleted || flushed.IsCanceled)
            {
                throw new OperationCanceledException("The client has gone.", clientGone);
            }

            offset += bytes.Length;
            written?.Report(bytes.Length);
        }
    }

    /// <summary>Releases the source of the content.</summary>
    public abstract ValueTask DisposeAsync();
}
