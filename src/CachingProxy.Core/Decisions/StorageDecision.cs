using CachingProxy.Core.Entries;
using CachingProxy.Core.Messages;

namespace CachingProxy.Core.Decisions;

/// <summary>The decision whether a response is stored. The nested records are its only cases.</summary>
internal abstract record StorageDecision
{
    private StorageDecision() { }

    /// <summary>Store the response with this lifetime.</summary>
    public sealed record Store(Freshness Freshness) : StorageDecision;

    /// <summary>Do not store the response, for this reason.</summary>
    public sealed record DoNotStore(NotStoredReason Reason) : StorageDecision;
}
