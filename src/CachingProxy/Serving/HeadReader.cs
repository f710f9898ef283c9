using System.Buffers;
using System.IO.Pipelines;

namespace CachingProxy.Serving;

/// <summary>
/// Reads along with Kestrel. While Kestrel waits for a head, this reader gives the bytes to <see cref="ClientHead"/>: if <c>Connection</c>
/// says <c>close</c> or <c>keep-alive</c>, Kestrel forgets the other names in it, and the fields of these names must not be passed on (RFC
/// 9110 §7.6.1). While Kestrel reads content, this reader cuts the connection if nearly all of the bytes are framing.
/// </summary>
/// <param name="inner">The bytes from the client.</param>
/// <param name="use">The use of the connection, in which the head is noted.</param>
internal sealed class HeadReader(PipeReader inner, ConnectionUse use) : PipeReader
{
    /// <summary>
    /// The largest number of bytes of framing that content may have beyond a multiple of its size. A client could otherwise send chunk
    /// extensions, which carry no content, without end.
    /// </summary>
    public const int MaxFramingBytes = 4 << 20;

    // A one-byte chunk takes six bytes.
    private const int MaxFramingRatio = 16;

    private ReadOnlySequence<byte> _buffer;
    private long _taken;

    /// <inheritdoc/>
    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        use.OnReading();
        var reading = inner.ReadAsync(cancellationToken);
        if (use.IsAnswering && use.Content is null)
        {
            return reading;
        }

        if (reading.IsCompletedSuccessfully)
        {
            return new(LookAt(reading.Result));
        }

        return AwaitAsync(reading);
    }

    /// <inheritdoc/>
    public override bool TryRead(out ReadResult result)
    {
        use.OnReading();
        if (!inner.TryRead(out result))
        {
            return false;
        }

        LookAt(result);
        return true;
    }

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed)
    {
        Count(consumed);
        inner.AdvanceTo(consumed);
    }

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        Count(consumed);
        inner.AdvanceTo(consumed, examined);
    }

    /// <inheritdoc/>
    public override void CancelPendingRead() => inner.CancelPendingRead();

    /// <inheritdoc/>
    public override void Complete(Exception? exception = null) => inner.Complete(exception);

    /// <inheritdoc/>
    public override ValueTask CompleteAsync(Exception? exception = null) => inner.CompleteAsync(exception);

    private async ValueTask<ReadResult> AwaitAsync(ValueTask<ReadResult> reading) => LookAt(await reading);

    private ReadResult LookAt(ReadResult result)
    {
        if (use.IsAnswering)
        {
            _buffer = result.Buffer;
        }
        else if (result.Buffer.IsSingleSegment)
        {
            new ClientHead(use).Read(result.Buffer.FirstSpan);
        }
        else
        {
            new ClientHead(use).Read(result.Buffer.ToArray());
        }

        return result;
    }

    // Bytes that Kestrel has read ahead are counted before the reader of the content gets them; they are fewer than MaxFramingBytes.
    private void Count(SequencePosition consumed)
    {
        if (!use.IsAnswering || use.Content is not { } content)
        {
            _taken = 0;
            return;
        }

        _taken += _buffer.Slice(0, consumed).Length;
        if (_taken > MaxFramingBytes + (content.BytesRead * MaxFramingRatio))
        {
            use.Abort("The content is nearly nothing but framing.");
        }
    }
}
