using System.Buffers;
using System.IO.Pipelines;
using System.Text;

namespace CachingProxy.Serving;

/// <summary>
/// Reads along with Kestrel while it waits for a head. Where <c>Connection</c> says <c>close</c> or <c>keep-alive</c>, Kestrel forgets what else it names, which
/// must not be passed on either (RFC 9110 §7.6.1).
/// </summary>
/// <param name="inner">What came from the client.</param>
/// <param name="use">Learns of the field.</param>
internal sealed class HeadReader(PipeReader inner, ConnectionUse use) : PipeReader
{
    /// <summary>The bytes of framing that content may have at most, beyond a multiple of its size: extensions of chunks say nothing and cost nothing.</summary>
    public const int MaxFramingBytes = 4 << 20;

    // A chunk of one byte is six.
    private const int MaxFramingRatio = 16;

    private ReadOnlySequence<byte> _buffer;
    private long _taken;

    private static ReadOnlySpan<byte> FieldName => "connection:"u8;

    /// <inheritdoc/>
    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        use.OnReading();
        var reading = inner.ReadAsync(cancellationToken);
        return use.IsAnswering && use.Content is null ? reading
            : reading.IsCompletedSuccessfully ? new(LookAt(reading.Result))
            : AwaitAsync(reading);
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
            FindField(result.Buffer.FirstSpan);
        }
        else
        {
            FindField(result.Buffer.ToArray());
        }

        return result;
    }

    // What Kestrel has read ahead is not in the hands of whoever reads the content; it is less than the limit.
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

    // A line that is not whole yet comes again, together with its end.
    private void FindField(ReadOnlySpan<byte> bytes)
    {
        while (bytes.IndexOf("\r\n"u8) is var end and >= 0)
        {
            var line = bytes[..end];
            bytes = bytes[(end + 2)..];
            if (line.Length > FieldName.Length && (line[0] | 0x20) == 'c' && Ascii.EqualsIgnoreCase(line[..FieldName.Length], FieldName))
            {
                use.AddConnectionField(Encoding.Latin1.GetString(line[FieldName.Length..]).Trim(' ', '\t'));
            }
            else if (line.IsEmpty)
            {
                return;
            }
        }
    }
}
