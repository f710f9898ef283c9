using CachingProxy.Core;

namespace CachingProxy.TestKit;

/// <summary>What tests ask of an engine.</summary>
public static class Engines
{
    /// <summary>Waits until no fetch is under way any more.</summary>
    public static Task SettleAsync(this CacheEngine engine) => Eventually.IsAsync(() => engine.RunningFills == 0);
}
