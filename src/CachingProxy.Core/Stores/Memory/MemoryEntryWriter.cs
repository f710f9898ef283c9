using CachingProxy.Core.Entries;
using CachingProxy.Core.Messages;

namespace CachingProxy.Core.Stores.Memory;

/// <summary>Collects the pieces of one entry's content and hands the whole to the memory store.</summary>
internal sealed class MemoryEntryWriter(MemoryStore store, CacheEntry entry, long maxBytes) : EntryWriter
{
    private readonly List<ReadOnlyMemory<byte>> _chunks = [];
    private long _bytes = ObjectSlot.SizeOf(entry);

    /// <inheritdoc/>
    public override void Append(ReadOnlyMemory<byte> content)
    {
        _bytes += content.Length;
        if (_bytes > maxBytes)
        {
            _chunks.Clear();
        }
        else if (!content.IsEmpty)
        {
            _chunks.Add(content);
        }
    }

    /// <inheritdoc/>
    public override ValueTask DisposeAsync()
    {
        _chunks.Clear();
        return base.DisposeAsync();
    }

    /// <inheritdoc/>
    public override ValueTask<CacheEntry> CompleteAsync()
    {
        var complete = entry with { Body = new StoredBody([.. _chunks]) };
        if (_bytes <= maxBytes)
        {
            store.Add(complete);
        }

        return new ValueTask<CacheEntry>(complete);
    }
}
