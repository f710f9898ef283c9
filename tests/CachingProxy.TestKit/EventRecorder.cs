using System.Collections.Concurrent;
using CachingProxy.Core.Telemetry;

namespace CachingProxy.TestKit;

/// <summary>Keeps every event, in order.</summary>
public sealed class EventRecorder : ICacheListener
{
    public ConcurrentQueue<RequestEvent> Requests { get; } = new();

    public ConcurrentQueue<FillEvent> Fills { get; } = new();

    public ConcurrentQueue<PurgeEvent> Purges { get; } = new();

    public void OnRequest(in RequestEvent request) => Requests.Enqueue(request);

    public void OnFill(in FillEvent fill) => Fills.Enqueue(fill);

    public void OnPurge(in PurgeEvent purge) => Purges.Enqueue(purge);

    /// <summary>Waits for the event of the next request, which is reported after its response is sent.</summary>
    public async Task<RequestEvent> NextRequestAsync()
    {
        RequestEvent next = default;
        await Eventually.IsAsync(() => Requests.TryDequeue(out next));
        return next;
    }

    /// <summary>Waits for the event of the next fill.</summary>
    public async Task<FillEvent> NextFillAsync()
    {
        FillEvent next = default;
        await Eventually.IsAsync(() => Fills.TryDequeue(out next));
        return next;
    }
}
