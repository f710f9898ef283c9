namespace CachingProxy.Core.Telemetry;

/// <summary>
/// Learns of every request, fill and purge; a method that is not implemented does nothing. The metrics and the access log implement it. The
/// threads that do the work call it, so an implementation must be safe for any number of threads, and must neither block nor throw.
/// </summary>
public interface ICacheListener
{
    /// <summary>A request was answered.</summary>
    void OnRequest(in RequestEvent request) { }

    /// <summary>A fill has ended.</summary>
    void OnFill(in FillEvent fill) { }

    /// <summary>A purge holds on this node.</summary>
    void OnPurge(in PurgeEvent purge) { }
}
