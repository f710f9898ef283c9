using CachingProxy.Core.Entries;
using CachingProxy.Core.Messages;

namespace CachingProxy.Core.Decisions;

/// <summary>The stored response that was selected for a request, or why there is none.</summary>
internal readonly record struct LookupResult(CacheEntry? Entry, ForwardReason Miss)
{
    public static LookupResult Found(CacheEntry entry) => new(entry, default);

    public static LookupResult Missed(ForwardReason reason) => new(null, reason);
}
