using CachingProxy.Core.Entries;

namespace CachingProxy.Core.Stores;

/// <summary>Takes the content of one entry, piece by piece. For one caller at a time.</summary>
public abstract class EntryWriter : IAsyncDisposable
{
    /// <summary>Adds content. The memory is kept, not copied, and must not change afterwards.</summary>
    public abstract void Append(ReadOnlyMemory<byte> content);

    /// <summary>
    /// Stops keeping the content in memory, and goes on writing it to the second tier alone. Returns false, and drops nothing, where the
    /// content is in memory only: the writer could not complete without it.
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
