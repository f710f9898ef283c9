using System.IO.Pipelines;
using System.Runtime.InteropServices;

namespace CachingProxy.Core.Messages;

/// <summary>Content that is in memory as a whole: chunks that never change. Any number of requests share it.</summary>
internal sealed class StoredBody : ResponseBody
{
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
    public override bool CanBeSliced => true;

    // WriteAsync rather than GetMemory: a server whose response has not begun would copy what is written there twice.
    /// <inheritdoc/>
    public override ValueTask CopyToAsync(PipeWriter destination, CancellationToken clientGone)
    {
        for (var next = 0; next < _chunks.Length; next++)
        {
            var written = destination.WriteAsync(_chunks[next], clientGone);
            if (!written.IsCompletedSuccessfully)
            {
                return CopyRestAsync(written, destination, next + 1, clientGone);
            }

            EnsureTaken(written.GetAwaiter().GetResult(), clientGone);
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public override async ValueTask CopyRangeToAsync(PipeWriter destination, long offset, long length, CancellationToken clientGone)
    {
        foreach (var piece in Pieces(offset, length))
        {
            EnsureTaken(await destination.WriteAsync(piece, clientGone), clientGone);
        }
    }

    /// <summary>Copies all of it.</summary>
    public void CopyTo(Span<byte> destination)
    {
        foreach (var chunk in _chunks)
        {
            chunk.Span.CopyTo(destination);
            destination = destination[chunk.Length..];
        }
    }

    /// <summary>
    /// A piece of the content, to be kept. It shares the chunks, unless so little of one is meant that keeping the rest of it alive would
    /// cost more than a copy.
    /// </summary>
    public IEnumerable<ReadOnlyMemory<byte>> Slice(long offset, long length) => Pieces(offset, length).Select(
        piece => MemoryMarshal.TryGetArray(piece, out var array) && array.Count < array.Array!.Length / 2 ? piece.ToArray() : piece);

    private IEnumerable<ReadOnlyMemory<byte>> Pieces(long offset, long length)
    {
        foreach (var chunk in _chunks)
        {
            if (offset < chunk.Length && length > 0)
            {
                var piece = chunk.Slice((int)offset, (int)Math.Min(length, chunk.Length - offset));
                length -= piece.Length;
                yield return piece;
            }

            offset = Math.Max(0, offset - chunk.Length);
        }
    }

    /// <inheritdoc/>
    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async ValueTask CopyRestAsync(ValueTask<FlushResult> written, PipeWriter destination, int next, CancellationToken clientGone)
    {
        EnsureTaken(await written, clientGone);
        for (; next < _chunks.Length; next++)
        {
            EnsureTaken(await destination.WriteAsync(_chunks[next], clientGone), clientGone);
        }
    }
}
