using CachingProxy.Core.Messages;
using CachingProxy.Core.Stores;

namespace CachingProxy.Core.Fetching;

/// <summary>
/// Receives the content of one response. Passes it to the growing body, from which clients read, and to the store, as long as both can take
/// it. A <see cref="Reception"/> says why a step ended. The caller decides what follows.
/// </summary>
/// <param name="maxBytes">The largest body that is stored.</param>
/// <param name="growth">The room for bodies that are kept while they grow.</param>
/// <param name="response">The response whose content is received.</param>
/// <param name="body">The growing body, from which readers take the content.</param>
/// <param name="writer">The writer that stores the content.</param>
internal sealed class BodyReceiver(long maxBytes, GrowthBudget growth, OriginResponse response, GrowingBody body, EntryWriter writer)
    : IDisposable
{
    private static readonly Memory<byte> Beyond = new byte[1];

    // Bounds how long a fetch goes on without a reader.
    private static readonly TimeSpan UnreadLimit = TimeSpan.FromSeconds(60);

    private long _taken;

    private bool IsTooLarge => body.Length > maxBytes;

    /// <summary>Receives as long as all content so far is kept in memory, so that later readers can still join.</summary>
    /// <exception cref="OriginException">The response broke off, or had no reader for too long. The caller must still fail the growing
    /// body.</exception>
    public async ValueTask<Reception> KeepAsync()
    {
        while (await ReadAsync() is var read and > 0)
        {
            _taken += growth.TryTake(read) ? read : 0;
            if (IsTooLarge)
            {
                return Reception.TooLarge;
            }

            var hasRoom = _taken == body.Length;
            if (hasRoom && body.Length <= GrowingBody.MaxKeptBytes)
            {
                EnsureRead();
                PublishUnlessLast();
            }
            else if (writer.TryLetGo())
            {
                return Reception.LeftToTier;
            }
            else if (!hasRoom)
            {
                return Reception.NoRoom;
            }
            else
            {
                // The whole body stays in memory: there is room for it, and no second tier takes it.
                body.Publish();
            }
        }

        return Reception.Whole;
    }

    /// <summary>
    /// Drops the beginning of the body. From now on no new reader can join, and the slowest reader sets the pace.
    /// </summary>
    public void LetGo()
    {
        body.StopKeeping();
        growth.Release(_taken);
        _taken = 0;
    }

    /// <summary>Continues to receive for the readers, and for the second tier, which stores the content as it arrives.</summary>
    /// <exception cref="OriginException">The response broke off.</exception>
    public async ValueTask<Reception> PassOnWhileStoredAsync()
    {
        do
        {
            EnsureRead();
            PublishUnlessLast();
            // Go on even if no reader is left: the store still takes the content.
            await body.WaitForReadersAsync(CancellationToken.None);
        } while (await ReadAsync() > 0 && !IsTooLarge);

        return IsTooLarge ? Reception.TooLarge : Reception.Whole;
    }

    /// <summary>Continues to receive for the readers alone, and ends the growing body. Stops when no reader is left.</summary>
    public async Task PassOnAsync()
    {
        body.Publish();
        while (await body.WaitForReadersAsync(CancellationToken.None))
        {
            var read = await response.Body.ReadAsync(body.GetMemory(), CancellationToken.None);
            if (read == 0)
            {
                body.Complete(response.Trailers());
                return;
            }

            body.Advance(read);
            body.Publish();
        }

        body.Fail(new OriginException(OriginError.Truncated, "Nobody read the response any more."));
    }

    /// <summary>Ensures that the received content is exactly as long as announced.</summary>
    /// <exception cref="OriginException">The content is shorter or longer than announced.</exception>
    public async ValueTask EnsureWholeAsync()
    {
        if (body.AnnouncedLength is not { } announced)
        {
            return;
        }

        if (body.Length < announced)
        {
            throw new OriginException(OriginError.Truncated, "The origin's response ended before it was whole.");
        }

        if (await response.Body.ReadAsync(Beyond, CancellationToken.None) > 0)
        {
            throw new OriginException(OriginError.InvalidResponse, "The origin sent more than it had announced.");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => growth.Release(_taken);

    // Returns 0 at the end of the content, and when the announced length is reached.
    private async ValueTask<int> ReadAsync()
    {
        if (body.Length == body.AnnouncedLength)
        {
            return 0;
        }

        var read = await response.Body.ReadAsync(body.GetMemory(), CancellationToken.None);
        if (read > 0)
        {
            writer.Append(body.Advance(read));
        }

        return read;
    }

    private void EnsureRead()
    {
        if (body.IsUnreadFor(UnreadLimit))
        {
            throw new OriginException(OriginError.Truncated, "Nobody has read the response for too long.");
        }
    }

    // Holds the last bytes back until the entry is stored: a client that has the whole response then finds it in the store.
    private void PublishUnlessLast()
    {
        if (body.Length != body.AnnouncedLength)
        {
            body.Publish();
        }
    }
}
