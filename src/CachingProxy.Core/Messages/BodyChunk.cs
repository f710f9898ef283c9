namespace CachingProxy.Core.Messages;

/// <summary>A link in the chain of a growing body: written from front to back by one, read by many.</summary>
internal sealed class BodyChunk(int size)
{
    private readonly byte[] _bytes = size == 0 ? [] : GC.AllocateUninitializedArray<byte>(size);
    private BodyChunk? _next;
    private int _filled;
    private int _written;

    /// <summary>The number of bytes that may be read.</summary>
    public int Written => Volatile.Read(ref _written);

    /// <summary>The chunk after this one, once there is one; this one is full then.</summary>
    public BodyChunk? Next
    {
        get => Volatile.Read(ref _next);
        set => Volatile.Write(ref _next, value);
    }

    /// <summary>The room that the writer may still fill.</summary>
    public Memory<byte> Free => _bytes.AsMemory(_filled);

    /// <summary>The bytes that the writer has filled, whether or not they may be read yet.</summary>
    public ReadOnlyMemory<byte> Filled => _bytes.AsMemory(0, _filled);

    /// <summary>Returns the bytes that may be read, from an offset on.</summary>
    public ReadOnlyMemory<byte> WrittenFrom(int offset) => _bytes.AsMemory(offset, Written - offset);

    /// <summary>Counts <paramref name="count"/> more bytes as filled by the writer.</summary>
    public void Advance(int count) => _filled += count;

    /// <summary>Makes all filled bytes readable.</summary>
    public void Publish() => Volatile.Write(ref _written, _filled);
}
