using CachingProxy.Core.Fetching;

namespace CachingProxy.JsonProxy;

/// <summary>Bytes in memory as the body of a response: read from front to back, once.</summary>
internal sealed class LiteralStream(ReadOnlyMemory<byte> literal) : ForwardStream
{
    private int _position;

    public override bool CanRead => true;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = Math.Min(buffer.Length, literal.Length - _position);
        literal.Slice(_position, count).CopyTo(buffer);
        _position += count;
        return ValueTask.FromResult(count);
    }
}
