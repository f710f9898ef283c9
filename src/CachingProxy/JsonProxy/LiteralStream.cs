using System.Buffers;
using CachingProxy.Core.Messages;

namespace CachingProxy.JsonProxy;

/// <summary>Bytes in memory as a stream: read from front to back, once.</summary>
internal sealed class LiteralStream(ReadOnlySequence<byte> literal) : ForwardStream
{
    private ReadOnlySequence<byte> _rest = literal;

    public override bool CanRead => true;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = (int)Math.Min(buffer.Length, _rest.Length);
        _rest.Slice(0, count).CopyTo(buffer.Span);
        _rest = _rest.Slice(count);
        return ValueTask.FromResult(count);
    }
}
