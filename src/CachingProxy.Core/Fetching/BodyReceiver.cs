using CachingProxy.Core.Entries;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Stores;

namespace CachingProxy.Core.Fetching;

/// <summary>
/// Takes the content of one response in: into the growing body for those who read, and into the store. What grows beyond the
/// limits is passed on and not stored; what a store behind the memory takes in as it comes does not stay in memory.
/// </summary>
internal sealed class BodyReceiver(
    FillRequest request, FillTools tools, LogPosition position, OriginResponse response, GrowingBody body, EntryWriter writer)
{
    private static readonly Memory<byte> Beyond = new byte[1];

    // A fetch that goes on for nobody has an end.
    private static readonly TimeSpan UnreadLimit = TimeSpan.FromSeconds(60);

    /// <summary>Receives all of it, and ends the growing body.</summary>
    /// <param name="onGivenUp">
    /// Called before the beginning is let go, when it turns out to be more than is stored (true) or than there is room for now (false).
    /// </param>
    /// <exception cref="OriginException">It broke off; the growing body does not know yet.</exception>
    public async Task ReceiveAsync(Func<bool, Task> onGivenUp)
    {
        var taken = 0L;
        var isKept = true;
        try
        {
            while (body.Length != body.AnnouncedLength && await response.Body.ReadAsync(body.GetMemory(), CancellationToken.None) is var read and > 0)
            {
                writer.Append(body.Advance(read));
                taken += isKept && tools.Growth.TryTake(read) ? read : 0;
                var isTooLarge = body.Length > request.Policy.MaxObjectBytes;
                if (isTooLarge || (isKept && (taken < body.Length || body.Length > GrowingBody.MaxKeptBytes)))
                {
                    var goesOn = !isTooLarge && writer.TryLetGo();
                    if (!goesOn && !isTooLarge && taken == body.Length)
                    {
                        // All of it is in memory, where there is room for it, and nowhere else.
                        body.Publish();
                        continue;
                    }

                    await (isKept ? onGivenUp(isTooLarge) : Task.CompletedTask);
                    body.StopKeeping();
                    tools.Growth.Release(taken);
                    (taken, isKept) = (0, false);
                    if (!goesOn)
                    {
                        await writer.DisposeAsync();
                        await PassOnAsync();
                        return;
                    }
                }

                if (body.IsUnreadFor(UnreadLimit))
                {
                    throw new OriginException(OriginError.Truncated, "Nobody has read the response for too long.");
                }

                // The last bytes wait until the entry is stored: whoever has the whole response finds it there.
                if (body.Length != body.AnnouncedLength)
                {
                    body.Publish();
                }

                // What is not kept moves on with its slowest reader; without one the store takes it all the same.
                _ = !isKept && await body.WaitForReadersAsync(CancellationToken.None);
            }

            await StoreAsync();
        }
        finally
        {
            tools.Growth.Release(taken);
        }
    }

    private async Task StoreAsync()
    {
        await EnsureWholeAsync();
        writer.Append(body.TakeRest());
        var stored = await writer.CompleteAsync();

        // A purge between our beginning and now has found nothing to remove; the entry must not outlive its record.
        if (tools.Log.IsGone(request.Key, stored.SearchVariance, stored.Tags, position))
        {
            await tools.Store.RemoveAsync(stored);
        }
        else if (stored.Part is not null)
        {
            await tools.Parts.CombineAsync(request.Stored, stored, position);
        }

        body.Complete(response.Trailers());
    }

    private async ValueTask EnsureWholeAsync()
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

    // Too large to be stored: those who read go on, at the pace of the slowest; without them there is nothing to do.
    private async Task PassOnAsync()
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
}
