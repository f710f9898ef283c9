using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using CachingProxy.Core.Parsing;

namespace CachingProxy.AspNetCore.Responses;

/// <summary>
/// A writer of the chunked coding (RFC 9112 §7.1) with fields after the last chunk, which Kestrel does not write. Where a response sets
/// <c>Transfer-Encoding</c> itself, Kestrel passes on its bytes as they are written. For one caller at a time.
/// </summary>
internal sealed class ChunkedWriter(PipeWriter inner) : PipeWriter
{
    private readonly ArrayBufferWriter<byte> _chunk = new();

    /// <inheritdoc/>
    public override void Advance(int bytes) => _chunk.Advance(bytes);

    /// <inheritdoc/>
    public override Memory<byte> GetMemory(int sizeHint = 0) => _chunk.GetMemory(sizeHint);

    /// <inheritdoc/>
    public override Span<byte> GetSpan(int sizeHint = 0) => _chunk.GetSpan(sizeHint);

    /// <inheritdoc/>
    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        // A chunk without content would be the last one.
        if (_chunk.WrittenCount > 0)
        {
            WriteText($"{_chunk.WrittenCount:x}\r\n");
            inner.Write(_chunk.WrittenSpan);
            WriteText("\r\n");
            _chunk.ResetWrittenCount();
        }

        return inner.FlushAsync(cancellationToken);
    }

    /// <summary>Writes the last chunk, and the fields after the content.</summary>
    public async ValueTask EndAsync(FieldList trailers, CancellationToken cancellation)
    {
        await FlushAsync(cancellation);
        WriteText("0\r\n");
        foreach (var (name, values) in trailers)
        {
            foreach (var value in values)
            {
                WriteText($"{name}: {value}\r\n");
            }
        }

        WriteText("\r\n");
        await inner.FlushAsync(cancellation);
    }

    /// <inheritdoc/>
    public override void CancelPendingFlush() => inner.CancelPendingFlush();

    /// <inheritdoc/>
    public override void Complete(Exception? exception = null) { }

    private void WriteText(string text) => inner.Write(Encoding.Latin1.GetBytes(text));
}
