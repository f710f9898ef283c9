namespace CachingProxy.Core.Telemetry;

/// <summary>Every instrument of this program, in the order of docs/metrics.md. Names are OpenTelemetry's where it has one.</summary>
public static class Instruments
{
    /// <summary>The durations of requests.</summary>
    public static readonly InstrumentDescription RequestDuration = new(
        "http.server.request.duration",
        InstrumentKind.Histogram,
        "s",
        "Time from the head of a request to the end of its response.",
        "http.request.method",
        "http.response.status_code",
        "url.scheme",
        "cachingproxy.outcome"
    );

    /// <summary>The requests that are being answered.</summary>
    public static readonly InstrumentDescription ActiveRequests = new(
        "http.server.active_requests",
        InstrumentKind.Gauge,
        "{request}",
        "Requests that are being answered now."
    );

    /// <summary>The answered requests.</summary>
    public static readonly InstrumentDescription Requests = new(
        "cachingproxy.requests",
        InstrumentKind.Counter,
        "{request}",
        "Requests answered, by face, outcome and reason.",
        "face",
        "outcome",
        "reason"
    );

    /// <summary>The bytes of content sent to clients.</summary>
    public static readonly InstrumentDescription SentBytes = new(
        "cachingproxy.response.bytes",
        InstrumentKind.Counter,
        "By",
        "Bytes of content sent to clients, by where they came from: cache, origin, or the proxy itself.",
        "source"
    );

    /// <summary>The time until a response that was not stored begins.</summary>
    public static readonly InstrumentDescription TimeToFirstByte = new(
        "cachingproxy.request.time_to_first_byte",
        InstrumentKind.Histogram,
        "s",
        "Time until the head of a response was ready, for requests that the origin had to answer.",
        "outcome"
    );

    /// <summary>The time that requests wait for another's fetch.</summary>
    public static readonly InstrumentDescription Wait = new(
        "cachingproxy.request.wait",
        InstrumentKind.Histogram,
        "s",
        "Time that requests waited for the head of another's fetch."
    );

    /// <summary>The fills that have ended.</summary>
    public static readonly InstrumentDescription Fills = new(
        "cachingproxy.fills",
        InstrumentKind.Counter,
        "{fill}",
        "Fetches that belong to no client, by kind, result and origin.",
        "kind",
        "result",
        "origin"
    );

    /// <summary>The durations of fills.</summary>
    public static readonly InstrumentDescription FillDuration = new(
        "cachingproxy.fill.duration",
        InstrumentKind.Histogram,
        "s",
        "Time from the beginning of a fill to its end.",
        "result"
    );

    /// <summary>The fills under way.</summary>
    public static readonly InstrumentDescription ActiveFills = new(
        "cachingproxy.fills.active",
        InstrumentKind.Gauge,
        "{fill}",
        "Fills that are under way now."
    );

    /// <summary>The requests that wait for a fill.</summary>
    public static readonly InstrumentDescription WaitingRequests = new(
        "cachingproxy.requests.waiting",
        InstrumentKind.Gauge,
        "{request}",
        "Requests that wait for the head of another's fetch now."
    );

    /// <summary>The requests that did not wait.</summary>
    public static readonly InstrumentDescription HitsForMiss = new(
        "cachingproxy.hits_for_miss",
        InstrumentKind.Counter,
        "{request}",
        "Requests that did not wait for another's fetch, because the last response could not be shared."
    );

    /// <summary>The bytes that growing bodies take.</summary>
    public static readonly InstrumentDescription GrowingBytes = new(
        "cachingproxy.growing.bytes",
        InstrumentKind.Gauge,
        "By",
        "Memory of bodies that are kept while they arrive."
    );

    /// <summary>The clients that were cut off because they held others up.</summary>
    public static readonly InstrumentDescription ReadersCutOff = new(
        "cachingproxy.readers.cut_off",
        InstrumentKind.Counter,
        "{client}",
        "Clients that were cut off because they held up others that read the same body."
    );

    /// <summary>The bytes received from origins.</summary>
    public static readonly InstrumentDescription OriginBytes = new(
        "cachingproxy.origin.bytes",
        InstrumentKind.Counter,
        "By",
        "Bytes of content received from origins.",
        "origin"
    );

    /// <summary>The failures of origins.</summary>
    public static readonly InstrumentDescription OriginErrors = new(
        "cachingproxy.origin.errors",
        InstrumentKind.Counter,
        "{error}",
        "Fetches without a whole response, by origin and kind of failure.",
        "origin",
        "error.type"
    );

    /// <summary>The requests that were sent a second time.</summary>
    public static readonly InstrumentDescription OriginRetries = new(
        "cachingproxy.origin.retries",
        InstrumentKind.Counter,
        "{request}",
        "Requests that were sent to an origin again, because their connection broke before an answer."
    );

    /// <summary>The origins that are held to be down.</summary>
    public static readonly InstrumentDescription OriginsHeldDown = new(
        "cachingproxy.origins.held_down",
        InstrumentKind.Gauge,
        "{origin}",
        "Origins that are not asked now, because the last requests to them failed."
    );

    /// <summary>The requests that found no room at an origin.</summary>
    public static readonly InstrumentDescription OriginRefusals = new(
        "cachingproxy.origin.refusals",
        InstrumentKind.Counter,
        "{request}",
        "Requests that were refused because too many waited for the origin, or for too long."
    );

    /// <summary>The requests that wait for room at an origin.</summary>
    public static readonly InstrumentDescription OriginQueue = new(
        "cachingproxy.origin.queue",
        InstrumentKind.Gauge,
        "{request}",
        "Requests that wait for room at an origin now."
    );

    /// <summary>The purges.</summary>
    public static readonly InstrumentDescription Purges = new(
        "cachingproxy.purges",
        InstrumentKind.Counter,
        "{purge}",
        "Purges, by kind, and by whether they are soft and other nodes were told.",
        "kind",
        "soft",
        "propagated"
    );

    /// <summary>The bytes of each tier.</summary>
    public static readonly InstrumentDescription StoreBytes = new(
        "cachingproxy.store.bytes",
        InstrumentKind.Gauge,
        "By",
        "Bytes that a tier holds, as counted against its limit.",
        "tier"
    );

    /// <summary>The entries of each tier.</summary>
    public static readonly InstrumentDescription StoreEntries = new(
        "cachingproxy.store.entries",
        InstrumentKind.Gauge,
        "{entry}",
        "Entries that a tier holds.",
        "tier"
    );

    /// <summary>The evictions of the memory tier.</summary>
    public static readonly InstrumentDescription StoreEvictions = new(
        "cachingproxy.store.evictions",
        InstrumentKind.Counter,
        "{entry}",
        "Entries that were removed to make room.",
        "tier"
    );

    /// <summary>The failures of each tier.</summary>
    public static readonly InstrumentDescription StoreFailures = new(
        "cachingproxy.store.failures",
        InstrumentKind.Counter,
        "{failure}",
        "Reads of a tier that failed or found damaged entries; each costs a miss.",
        "tier"
    );

    /// <summary>The entries that a tier did not take.</summary>
    public static readonly InstrumentDescription StoreDroppedWrites = new(
        "cachingproxy.store.dropped_writes",
        InstrumentKind.Counter,
        "{entry}",
        "Entries that were not written to a tier, because it was too slow or failed.",
        "tier"
    );

    /// <summary>Whether each tier is in use.</summary>
    public static readonly InstrumentDescription StoreAvailable = new(
        "cachingproxy.store.available",
        InstrumentKind.Gauge,
        "1",
        "1 while the tier is in use, 0 while it is not.",
        "tier"
    );

    /// <summary>The connections of clients.</summary>
    public static readonly InstrumentDescription Connections = new(
        "cachingproxy.connections",
        InstrumentKind.Gauge,
        "{connection}",
        "Connections of clients now, idle or busy.",
        "state"
    );

    /// <summary>The idle connections that made room.</summary>
    public static readonly InstrumentDescription ConnectionsShed = new(
        "cachingproxy.connections.shed",
        InstrumentKind.Counter,
        "{connection}",
        "Idle connections that were closed to make room for others."
    );

    /// <summary>The clients that were cut.</summary>
    public static readonly InstrumentDescription ClientsCut = new(
        "cachingproxy.clients.cut",
        InstrumentKind.Counter,
        "{client}",
        "Clients that were cut because they took nothing, or were the slowest when room ran short."
    );

    /// <summary>The requests that could not be read.</summary>
    public static readonly InstrumentDescription MalformedRequests = new(
        "cachingproxy.requests.malformed",
        InstrumentKind.Counter,
        "{request}",
        "Requests that were refused before they could be read."
    );

    /// <summary>The memory of <c>/proxy</c>.</summary>
    public static readonly InstrumentDescription ProxyBytes = new(
        "cachingproxy.proxy.bytes",
        InstrumentKind.Gauge,
        "By",
        "Memory that requests on /proxy hold while they make their envelopes."
    );

    /// <summary>The open files.</summary>
    public static readonly InstrumentDescription Descriptors = new(
        "cachingproxy.descriptors",
        InstrumentKind.Gauge,
        "{descriptor}",
        "Files and sockets that the process has open; Linux only."
    );

    /// <summary>The stalls of the thread pool.</summary>
    public static readonly InstrumentDescription ThreadStalls = new(
        "cachingproxy.threads.stalls",
        InstrumentKind.Counter,
        "{stall}",
        "Times that work had to wait more than 50 ms for a thread."
    );

    /// <summary>The lines that were not written.</summary>
    public static readonly InstrumentDescription DroppedLines = new(
        "cachingproxy.log.dropped",
        InstrumentKind.Counter,
        "{line}",
        "Lines of the access log that were not written, because their reader was too slow or the file failed."
    );

    /// <summary>All of them.</summary>
    public static IReadOnlyList<InstrumentDescription> All { get; } =
    [
        RequestDuration,
        ActiveRequests,
        Requests,
        SentBytes,
        TimeToFirstByte,
        Wait,
        Fills,
        FillDuration,
        ActiveFills,
        WaitingRequests,
        HitsForMiss,
        GrowingBytes,
        ReadersCutOff,
        OriginBytes,
        OriginErrors,
        OriginRetries,
        OriginsHeldDown,
        OriginRefusals,
        OriginQueue,
        Purges,
        StoreBytes,
        StoreEntries,
        StoreEvictions,
        StoreFailures,
        StoreDroppedWrites,
        StoreAvailable,
        Connections,
        ConnectionsShed,
        ClientsCut,
        MalformedRequests,
        ProxyBytes,
        Descriptors,
        ThreadStalls,
        DroppedLines,
    ];
}
