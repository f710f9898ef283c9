using System.Buffers;
using CachingProxy.Core.Messages;

namespace CachingProxy.JsonProxy;

/// <summary>
/// Bytes in segments of the memory for <c>/proxy</c>: written once from front to back, then read. For one caller at a time.
/// </summary>
internal sealed class ProxyBuffer(ProxyMemoryUse use) : IBufferWriter<byte>, IDisposable
{
    private readonly List<(byte[] Segment, int Length)> _segments = [];

    /// <summary>The number of bytes in the buffer.</summary>
    public long Length { get; private set; }

    /// <inheritdoc/>
    /// <exception cref="OriginException">There is no room for more.</exception>
    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(sizeHint, ProxyMemory.SegmentBytes);
        if (_segments is not [.., var last] || ProxyMemory.SegmentBytes - last.Length < Math.Max(1, sizeHint))
        {
            _segments.Add(last = (use.Take(), 0));
        }

        return last.Segment.AsMemory(last.Length);
    }

    /// <inheritdoc/>
    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    /// <inheritdoc/>
    public void Advance(int count)
    {
        var (segment, length) = _segments[^1];
        _segments[^1] = (segment, length + count);
        Length += count;
    }

    /// <summary>Returns all written bytes, valid until this buffer is disposed of.</summary>
    public ReadOnlySequence<byte> ToSequence()
    {
        if (_segments.Count == 0)
        {
            return ReadOnlySequence<byte>.Empty;
        }

        var first = new Piece(_segments[0].Segment.AsMemory(0, _segments[0].Length), 0);
        var last = first;
        foreach (var (segment, length) in _segments.Skip(1))
        {
            last = last.Append(segment.AsMemory(0, length));
        }

        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _segments.ForEach(segment => use.GiveBack(segment.Segment));
        _segments.Clear();
        Length = 0;
    }

    private sealed class Piece : ReadOnlySequenceSegment<byte>
    {
        public Piece(ReadOnlyMemory<byte> memory, long index) => (Memory, RunningIndex) = (memory, index);

        public Piece Append(ReadOnlyMemory<byte> memory)
        {
            var next = new Piece(memory, RunningIndex + Memory.Length);
            Next = next;
            return next;
        }
    }
}
