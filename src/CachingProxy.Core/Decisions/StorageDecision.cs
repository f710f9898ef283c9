using CachingProxy.Core.Entries;
using CachingProxy.Core.Messages;

namespace CachingProxy.Core.Decisions;

/// <summary>Whether a response is stored: a closed set.</summary>
internal abstract record StorageDecision
{
    private StorageDecision() { }

    /// <summary>It is stored with this lifetime.</summary>
    public sealed record Store(Freshness Freshness) : StorageDecision;

    /// <summary>It is not stored.</summary>
    public sealed record DoNotStore(NotStoredReason Reason) : StorageDecision;
}
