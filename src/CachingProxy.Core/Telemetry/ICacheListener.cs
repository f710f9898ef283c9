namespace CachingProxy.Core.Telemetry;

/// <summary>
/// Learns of every request, fill and purge: the metrics, the access log, the live events. Called from the threads that do the work, so
/// that an implementation must be safe for any number of threads, and neither block nor throw.
/// </summary>
public interface ICacheListener
{
    /// <summary>A request was answered.</summary>
    void OnRequest(in RequestEvent request);

    /// <summary>A fill has ended.</summary>
    void OnFill(in FillEvent fill);

    /// <summary>A purge holds on this node.</summary>
    void OnPurge(in PurgeEvent purge);
}
