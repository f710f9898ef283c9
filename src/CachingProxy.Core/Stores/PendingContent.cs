namespace CachingProxy.Core.Stores;

/// <summary>
/// Content on its way into a store, which takes it out in pieces of the size that the store needs. For one caller at a time.
/// </summary>
public sealed class PendingContent
{
    private readonly Queue<ReadOnlyMemory<byte>> _pieces = new();
    private ReadOnlyMemory<byte> _first;

    /// <summary>The number of pending bytes.</summary>
    public long Length { get; private set; }

    /// <summary>Adds content, which is kept and not copied.</summary>
    public void Add(ReadOnlyMemory<byte> content)
    {
        if (!content.IsEmpty)
        {
            _pieces.Enqueue(content);
            Length += content.Length;
        }
    }

    /// <summary>Removes a number of bytes from the front, and returns them as a new array.</summary>
    /// <param name="bytes">How many; no more than <see cref="Length"/>.</param>
    public byte[] Take(int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, Length);
        var taken = new byte[bytes];
        for (var filled = 0; filled < bytes; )
        {
            _first = _first.IsEmpty ? _pieces.Dequeue() : _first;
            var count = Math.Min(_first.Length, bytes - filled);
            _first.Span[..count].CopyTo(taken.AsSpan(filled));
            _first = _first[count..];
            filled += count;
        }

        Length -= bytes;
        return taken;
    }

    /// <summary>Drops all pending content.</summary>
    public void Clear()
    {
        _pieces.Clear();
        _first = default;
        Length = 0;
    }
}
