namespace CachingProxy.Core.Messages;

/// <summary>Several contents, one after the other, for one reader.</summary>
internal sealed class ConcatenatedBody(params ResponseBody[] parts) : ResponseBody
{
    private int _part;
    private long _partStart;

    /// <inheritdoc/>
    public override long? Length => parts.Aggregate((long?)0, (sum, part) => sum + part.Length);

    /// <inheritdoc/>
    public override async ValueTask<ReadOnlyMemory<byte>> ReadAsync(long offset, CancellationToken cancellation)
    {
        while (_part < parts.Length)
        {
            if (await parts[_part].ReadAsync(offset - _partStart, cancellation) is { IsEmpty: false } bytes)
            {
                return bytes;
            }

            // The length of a part may be known only at its end.
            _part++;
            _partStart = offset;
        }

        return default;
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        foreach (var part in parts)
        {
            await part.DisposeAsync();
        }
    }
}
