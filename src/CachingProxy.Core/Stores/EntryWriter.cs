using CachingProxy.Core.Entries;

namespace CachingProxy.Core.Stores;

/// <summary>Takes the content of one entry, piece by piece. For one caller at a time.</summary>
public abstract class EntryWriter : IAsyncDisposable
{
    /// <summary>Adds content. The memory is kept, not copied, and must not change afterwards.</summary>
    public abstract void Append(ReadOnlyMemory<byte> content);

    /// <summary>
    /// Drops the content that the writer holds in memory, and goes on without. Returns false if all content is in memory, so that the
    /// writer could not complete.
    /// </summary>
    public virtual bool TryLetGo() => false;

    /// <summary>Completes the content: from now on the entry is found. Returns the entry as stored.</summary>
    public abstract ValueTask<CacheEntry> CompleteAsync();

    /// <summary>Leaves nothing behind, unless the entry is complete.</summary>
    public virtual ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }
}
