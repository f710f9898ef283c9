using System.Buffers;
using System.IO.Pipelines;

namespace CachingProxy.Serving;

/// <summary>
/// Writes through while a request is being answered. Anything that Kestrel writes at another time is its refusal of a head that it could
/// not read: the refusal is held back, and an answer with a reason is written in its place.
/// </summary>
/// <param name="inner">What goes to the client.</param>
/// <param name="use">The use of the connection, which says whether a request is being answered.</param>
/// <param name="refusals">Makes the answer.</param>
internal sealed class RefusalWriter(PipeWriter inner, ConnectionUse use, MalformedRequests refusals) : PipeWriter
{
    private ArrayBufferWriter<byte>? _heldBack;

    /// <inheritdoc/>
    public override bool CanGetUnflushedBytes => inner.CanGetUnflushedBytes;

    /// <inheritdoc/>
    public override long UnflushedBytes => inner.UnflushedBytes;

    private PipeWriter? Through => use.IsAwaitingHead ? null : inner;

    /// <inheritdoc/>
    public override Memory<byte> GetMemory(int sizeHint = 0) => Through?.GetMemory(sizeHint) ?? (_heldBack ??= new()).GetMemory(sizeHint);

    /// <inheritdoc/>
    public override Span<byte> GetSpan(int sizeHint = 0) =>
        Through is { } through ? through.GetSpan(sizeHint) : (_heldBack ??= new()).GetSpan(sizeHint);

    /// <inheritdoc/>
    public override void Advance(int bytes)
    {
        if (Through is { } through)
        {
            through.Advance(bytes);
        }
        else
        {
            _heldBack!.Advance(bytes);
        }
    }

    /// <inheritdoc/>
    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        if (_heldBack is { WrittenCount: > 0 } refusal)
        {
            inner.Write(refusals.InPlaceOf(refusal.WrittenSpan, use.ClientAddress, use.RequestLineFault));
            _heldBack = null;
        }

        return inner.FlushAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public override void CancelPendingFlush() => inner.CancelPendingFlush();

    /// <inheritdoc/>
    public override void Complete(Exception? exception = null) => inner.Complete(exception);

    /// <inheritdoc/>
    public override ValueTask CompleteAsync(Exception? exception = null) => inner.CompleteAsync(exception);
}
