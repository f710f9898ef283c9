using System.Collections.Concurrent;
using CachingProxy.Core.Entries;
using CachingProxy.Core.Keys;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Purging;
using CachingProxy.Core.Stores;

namespace CachingProxy.Core.Lookup;

/// <summary>
/// A store of two tiers: the memory in front, and the second tier behind it. Every write goes to both, except that a new entry with a <see
/// cref="SearchVariance"/> stays in the memory. An entry found in the second tier is copied to the memory. A hit in memory waits for
/// nothing. Safe for any number of threads.
/// </summary>
internal sealed class TieredStore(ICacheStore memory, ISecondTier secondTier, InvalidationLog invalidations, SteadyClock clock)
    : ICacheStore
{
    // The largest difference between the clocks of two nodes. An entry received further in the future is removed: a clock has jumped, or
    // the entry is forged.
    private static readonly TimeSpan MaxClockSkew = TimeSpan.FromMinutes(5);

    private readonly ConcurrentDictionary<(CacheKey Key, LogPosition Since), Task<IReadOnlyList<CacheEntry>>> _looking = new();

    /// <summary>
    /// The largest content that is copied to the memory, in bytes: 4 MiB. Larger content is read from the second tier whenever it is sent.
    /// </summary>
    public const long MaxPromotedBytes = 4 << 20;

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<CacheEntry>> FindAsync(CacheKey key)
    {
        var found = memory.FindAsync(key);
        return found.IsCompletedSuccessfully && found.GetAwaiter().GetResult() is { Count: > 0 } here ? new(here) : FindBehindAsync(key);
    }

    /// <summary>
    /// Looks in the second tier even if the memory has entries: the memory may have lost a variant, and another node may have a fresher
    /// one. Requests that come during a look for the same URI share its result, so that a thousand of them ask the tier once.
    /// </summary>
    public async ValueTask<IReadOnlyList<CacheEntry>> FindBehindAsync(CacheKey key)
    {
        // After a purge, no request shares a look-up that began before the purge.
        var look = (key, invalidations.Position);
        var ours = new TaskCompletionSource<IReadOnlyList<CacheEntry>>(TaskCreationOptions.RunContinuationsAsynchronously);
        if (_looking.GetOrAdd(look, ours.Task) is var under && under != ours.Task)
        {
            return await under;
        }

        try
        {
            ours.SetResult(await LookBehindAsync(key));
        }
        catch (Exception failure)
        {
            ours.SetException(failure);
        }
        finally
        {
            _looking.TryRemove(look, out _);
        }

        return await ours.Task;
    }

    /// <summary>Looks in the second tier now, without sharing an earlier look-up, to find what another fetch has just stored.</summary>
    public async ValueTask<IReadOnlyList<CacheEntry>> LookBehindAsync(CacheKey key)
    {
        // This look must not miss a purge that comes while it reads: the purge's record is kept at least until the look ends.
        var position = invalidations.BeginLook();
        try
        {
            var entries = (await memory.FindAsync(key)).ToList();
            foreach (var stored in await secondTier.FindAsync(key))
            {
                if (stored.ReceivedAt > clock.Now + MaxClockSkew)
                {
                    await secondTier.RemoveAsync(stored);
                }
                else if (invalidations.IsGone(key, stored.SearchVariance, stored.Tags, stored.Position))
                {
                    // An entry of another epoch stays: another node may have stored it, under a log that this node has not loaded yet.
                    await (
                        stored.Position.Epoch == invalidations.Position.Epoch ? secondTier.RemoveAsync(stored) : ValueTask.CompletedTask
                    );
                }
                else if (
                    !entries.Any(entry => entry.ReceivedAt >= stored.ReceivedAt && (entry.Supersedes(stored) || stored.Supersedes(entry)))
                )
                {
                    if (await PromoteAsync(stored) is { } promoted)
                    {
                        entries.RemoveAll(stored.Supersedes);
                        entries.Add(promoted);
                    }
                }
            }

            return entries;
        }
        finally
        {
            invalidations.End(position);
        }
    }

    /// <inheritdoc/>
    public EntryWriter? OpenWriter(CacheEntry entry, long? contentLength)
    {
        var here = memory.OpenWriter(entry, contentLength);
        // An entry with a SearchVariance stays in the memory. Its key may differ from the URI that was fetched, so it can be found and
        // purged only by the variances that this process has learnt (SearchVariances).
        var there = entry.SearchVariance is null ? secondTier.OpenWriter(entry, contentLength) : null;
        return there is null ? here : new TieredWriter(here, there);
    }

    /// <inheritdoc/>
    public async ValueTask<bool> UpdateAsync(CacheEntry entry, CacheEntry freshened)
    {
        var isUpdatedThere = secondTier.UpdateAsync(entry, freshened).AsTask();
        if (freshened.Body is StoredBody)
        {
            return await memory.UpdateAsync(entry, freshened) || await isUpdatedThere;
        }

        // The content is in the second tier and is read from there, so the memory drops the entry.
        await memory.RemoveAsync(entry);
        return await isUpdatedThere;
    }

    /// <inheritdoc/>
    public async ValueTask RemoveAsync(CacheEntry entry)
    {
        await memory.RemoveAsync(entry);
        await secondTier.RemoveAsync(entry);
    }

    /// <inheritdoc/>
    public async ValueTask RemoveAllAsync(CacheKey key)
    {
        await memory.RemoveAllAsync(key);
        await secondTier.RemoveAllAsync(key);
        // An entry may have been copied from the second tier to the memory in between.
        await memory.RemoveAllAsync(key);
    }

    /// <inheritdoc/>
    public async ValueTask ClearAsync()
    {
        await memory.ClearAsync();
        await secondTier.ClearAsync();
    }

    private async ValueTask<CacheEntry?> PromoteAsync(CacheEntry stored)
    {
        if (stored.Body.Length is not <= MaxPromotedBytes || memory.OpenWriter(stored, stored.Body.Length) is not { } writer)
        {
            return stored;
        }

        await using (writer)
        {
            try
            {
                foreach (var piece in await InMemory.ReadAsync(stored.Body))
                {
                    writer.Append(piece);
                }
            }
            catch (OriginException)
            {
                // The second tier has the head of the entry but not all of its content. The entry is removed so that no look-up finds it
                // again.
                await secondTier.RemoveAsync(stored);
                return null;
            }

            var promoted = await writer.CompleteAsync();
            if (invalidations.IsGone(stored.Key, stored.SearchVariance, stored.Tags, stored.Position))
            {
                await memory.RemoveAsync(promoted);
            }

            return promoted;
        }
    }

    /// <summary>Writes an entry to the memory, where there is room, and to the second tier.</summary>
    private sealed class TieredWriter(EntryWriter? here, EntryWriter there) : EntryWriter
    {
        private EntryWriter? _here = here;

        public override void Append(ReadOnlyMemory<byte> content)
        {
            _here?.Append(content);
            there.Append(content);
        }

        public override bool TryLetGo()
        {
            _here = null;
            return true;
        }

        public override async ValueTask<CacheEntry> CompleteAsync()
        {
            var kept = _here is null ? null : await _here.CompleteAsync();
            var stored = await there.CompleteAsync();
            return kept ?? stored;
        }

        public override async ValueTask DisposeAsync()
        {
            await (_here?.DisposeAsync() ?? ValueTask.CompletedTask);
            await there.DisposeAsync();
            await base.DisposeAsync();
        }
    }
}
