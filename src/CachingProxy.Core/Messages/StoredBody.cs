using System.Runtime.InteropServices;

namespace CachingProxy.Core.Messages;

/// <summary>Content that is in memory as a whole: chunks that never change. Any number of requests share it.</summary>
internal sealed class StoredBody : ResponseBody
{
    private readonly ReadOnlyMemory<byte>[] _chunks;
    private readonly long _length;

    // The end of each chunk; empty for a single chunk, whose end is the length.
    private readonly long[] _ends;

    public StoredBody(ReadOnlyMemory<byte>[] chunks)
    {
        _chunks = chunks;
        _ends = chunks.Length > 1 ? new long[chunks.Length] : [];
        for (var i = 0; i < chunks.Length; i++)
        {
            _length += chunks[i].Length;
            if (_ends.Length > 0)
            {
                _ends[i] = _length;
            }
        }
    }

    /// <inheritdoc/>
    public override long? Length => _length;

    /// <inheritdoc/>
    public override bool CanBeSliced => true;

    /// <inheritdoc/>
    public override ValueTask<ReadOnlyMemory<byte>> ReadAsync(long offset, CancellationToken cancellation)
    {
        if (offset >= _length)
        {
            return default;
        }

        if (_chunks is [var only])
        {
            return new(only[(int)offset..]);
        }

        // Finds the first chunk that ends after the offset. An empty chunk has the same end as the chunk before it, so the search may hit
        // the empty one first.
        var found = Array.BinarySearch(_ends, offset + 1);
        var chunk = found < 0 ? ~found : found;
        while (chunk > 0 && _ends[chunk - 1] > offset)
        {
            chunk--;
        }

        return new(_chunks[chunk][(int)(offset - _ends[chunk] + _chunks[chunk].Length)..]);
    }

    /// <summary>Copies all of the content.</summary>
    public void CopyTo(Span<byte> destination)
    {
        foreach (var chunk in _chunks)
        {
            chunk.Span.CopyTo(destination);
            destination = destination[chunk.Length..];
        }
    }

    /// <summary>
    /// Returns a piece of the content, in parts that may be kept. A part shares the memory of its chunk. If it is less than half of the
    /// chunk's array, it is copied instead, so that the rest of the chunk is not kept alive.
    /// </summary>
    public IEnumerable<ReadOnlyMemory<byte>> TakeOut(long offset, long length) =>
        Pieces(offset, length)
            .Select(piece =>
                MemoryMarshal.TryGetArray(piece, out var array) && array.Count < array.Array!.Length / 2 ? piece.ToArray() : piece
            );

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
}
