using CachingProxy.Core.Messages;

namespace CachingProxy.JsonProxy;

/// <summary>
/// The part of the memory for <c>/proxy</c> that one response holds. Disposing of it gives its buffers back. For one caller at a time.
/// </summary>
internal sealed class ProxyMemoryUse(ProxyMemory memory) : IDisposable
{
    private readonly List<ProxyBuffer> _buffers = [];
    private long _held;

    /// <summary>Begins another buffer.</summary>
    public ProxyBuffer NewBuffer()
    {
        var buffer = new ProxyBuffer(this);
        _buffers.Add(buffer);
        return buffer;
    }

    /// <summary>Takes one more segment.</summary>
    /// <exception cref="OriginException">There is no room for it.</exception>
    public byte[] Take()
    {
        var segment = memory.Take(_held);
        _held += ProxyMemory.SegmentBytes;
        return segment;
    }

    /// <summary>Gives a segment back.</summary>
    public void GiveBack(byte[] segment)
    {
        _held -= ProxyMemory.SegmentBytes;
        memory.GiveBack(segment);
    }

    /// <inheritdoc/>
    public void Dispose() => _buffers.ForEach(buffer => buffer.Dispose());
}
