using CachingProxy.Core.Entries;

namespace CachingProxy.Core.Stores;

/// <summary>Takes the content of one entry, piece by piece. For one caller at a time.</summary>
public abstract class EntryWriter : IAsyncDisposable
{
    /// <summary>Adds content. The memory is kept, not copied, and must not change afterwards.</summary>
    public abstract void Append(ReadOnlyMemory<byte> content);

    /// <summary>
    /// Lets go of the content that it holds in memory, and goes on without; false where it holds all of it there, and could not be
    /// completed.
    /// </summary>
    public virtual bool TryLetGo() => false;

    /// <summary>The content is whole: from now on the entry is found. Answers with the entry as stored.</summary>
    public abstract ValueTask<CacheEntry> CompleteAsync();

    /// <summary>Leaves nothing behind, unless the entry is complete.</summary>
    public virtual ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }
}
