using CachingProxy.Core.Messages;

namespace CachingProxy.Http.Upstream;

/// <summary>
/// The content of a response from the origin. A failure of the origin while reading becomes an <see cref="OriginException"/>, and the
/// origin may be silent only as long as the limit permits. If the connection became a tunnel, the content can be written to as well.
/// </summary>
/// <param name="content">The content as it arrives.</param>
/// <param name="silence">The limit for the origin's silence, disposed together with this stream.</param>
/// <param name="exchange">The exchange that every read belongs to.</param>
internal sealed class OriginBody(Stream content, SilenceLimit silence, OriginExchange exchange) : ForwardStream
{
    public override bool CanRead => true;

    public override bool CanWrite => content.CanWrite;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        using var caller = silence.CancelWith(cancellationToken);
        exchange.Enter();
        try
        {
            var read = content.ReadAsync(buffer, silence.Token);
            if (read.IsCompleted)
            {
                return await read;
            }

            // The reader's own time does not count against the origin: measure only from here until bytes arrive.
            silence.OnSignOfLife();
            try
            {
                return await read;
            }
            finally
            {
                silence.Pause();
            }
        }
        catch (Exception failure) when (OriginFailures.Classify(failure, silence) is { } known)
        {
            throw known;
        }
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        content.WriteAsync(buffer, cancellationToken);

    public override Task FlushAsync(CancellationToken cancellationToken) => content.FlushAsync(cancellationToken);

    public override async ValueTask DisposeAsync()
    {
        await exchange.EndAsync();
        await content.DisposeAsync();
        silence.Dispose();
        await base.DisposeAsync();
    }
}
