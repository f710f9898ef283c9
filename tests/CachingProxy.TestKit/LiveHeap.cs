using System.Diagnostics.Tracing;
using Microsoft.Diagnostics.NETCore.Client;
using Microsoft.Diagnostics.Tracing;
using Microsoft.Diagnostics.Tracing.Parsers;
using Microsoft.Diagnostics.Tracing.Parsers.Clr;

namespace CachingProxy.TestKit;

/// <summary>Measures the live objects of another .NET process. Resident memory also holds garbage, gaps and what the collector keeps for later.</summary>
internal static class LiveHeap
{
    /// <summary>Makes process <paramref name="processId"/> collect its whole heap once; returns the bytes of the objects that survived.</summary>
    /// <exception cref="TimeoutException">No collection was reported within 30 seconds.</exception>
    public static Task<long> MeasureAsync(int processId) => Task.Run(() => Measure(processId)).WaitAsync(TimeSpan.FromSeconds(30));

    private static long Measure(int processId)
    {
        const ClrTraceEventParser.Keywords keywords = ClrTraceEventParser.Keywords.GC | ClrTraceEventParser.Keywords.GCHeapCollect;
        using var session = new DiagnosticsClient(processId).StartEventPipeSession(
            [new EventPipeProvider(ClrTraceEventParser.ProviderName, EventLevel.Informational, (long)keywords)],
            requestRundown: false
        );
        using var source = new EventPipeEventSource(session.EventStream);
        var (live, induced) = (0L, -1);
        source.Clr.GCStart += started =>
        {
            if (induced < 0 && started.Depth == 2 && started.Reason == GCReason.Induced)
            {
                induced = started.Count;
            }
        };
        source.Clr.GCPerHeapHistory += heap =>
        {
            if (induced >= 0)
            {
                live += Enumerable.Range(0, 5).Sum(generation => heap.GenData((Gens)generation).ObjSizeAfter);
            }
        };
        source.Clr.GCStop += stopped =>
        {
            if (stopped.Count == induced && live > 0)
            {
                session.Stop();
            }
        };
        source.Process();
        return live;
    }
}
