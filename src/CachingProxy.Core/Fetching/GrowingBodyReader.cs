using System.IO.Pipelines;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Parsing;

namespace CachingProxy.Core.Fetching;

/// <summary>One client's place in a growing body.</summary>
internal sealed class GrowingBodyReader(GrowingBody body, BodyChunk first) : ResponseBody
{
    private readonly CancellationTokenSource _cutOff = new();
    private BodyChunk _chunk = first;
    private int _offset;
    private long _position;

    /// <summary>How many bytes the client has taken.</summary>
    public long Position => Volatile.Read(ref _position);

    /// <inheritdoc/>
    public override long? Length => body.AnnouncedLength;

    /// <inheritdoc/>
    public override FieldList Trailers => body.Trailers;

    /// <inheritdoc/>
    public override ValueTask CopyToAsync(PipeWriter destination, CancellationToken clientGone) => CopyAsync(destination, 0, long.MaxValue, clientGone);

    /// <inheritdoc/>
    public override bool CanBeSkipped => body.AnnouncedLength is not null;

    /// <inheritdoc/>
    public override ValueTask CopyRangeToAsync(PipeWriter destination, long offset, long length, CancellationToken clientGone) =>
        CopyAsync(destination, offset, length, clientGone);

    /// <summary>Ends the reading from outside: this client holds the others up.</summary>
    public void CutOff() => _ = _cutOff.CancelAsync();

    /// <summary>The bytes that have arrived beyond this place; false where there are none yet.</summary>
    public bool TryTake(out ReadOnlyMemory<byte> bytes)
    {
        while (true)
        {
            if (_offset < _chunk.Written)
            {
                bytes = _chunk.WrittenFrom(_offset);
                _offset += bytes.Length;
                return true;
            }

            if (_chunk.Next is not { } next)
            {
                bytes = default;
                return false;
            }

            // A chunk with a successor is full; it may have become so between the two looks at it.
            if (_offset == _chunk.Written)
            {
                _chunk = next;
                _offset = 0;
            }
        }
    }

    /// <inheritdoc/>
    public override ValueTask DisposeAsync()
    {
        body.Leave(this);
        _cutOff.Dispose();
        return ValueTask.CompletedTask;
    }

    private async ValueTask CopyAsync(PipeWriter destination, long skip, long length, CancellationToken clientGone)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(clientGone, _cutOff.Token);
        try
        {
            while (length > 0 && await body.ReadAsync(this, either.Token) is { IsEmpty: false } bytes)
            {
                var skipped = (int)Math.Min(skip, bytes.Length);
                skip -= skipped;
                var wanted = bytes.Slice(skipped, (int)Math.Min(bytes.Length - skipped, length));
                length -= wanted.Length;
                EnsureTaken(wanted.IsEmpty ? default : await destination.WriteAsync(wanted, either.Token), clientGone);

                var isFirst = _position == 0;
                Volatile.Write(ref _position, _position + bytes.Length);
                body.OnReaderMoved();
                if (isFirst)
                {
                    // Whoever else waits for the first bytes comes before the second of this client.
                    await Task.Yield();
                }
            }
        }
        catch (OperationCanceledException) when (_cutOff.IsCancellationRequested && !clientGone.IsCancellationRequested)
        {
            throw new OriginException(OriginError.Truncated, "The client held the others up for too long.");
        }
    }
}
