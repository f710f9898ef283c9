using static CachingProxy.Core.Telemetry.InstrumentList;

namespace CachingProxy.Core.Telemetry;

/// <summary>
/// Every instrument of this program, in the order of docs/metrics.md. If OpenTelemetry defines a name for an instrument, the instrument has
/// that name.
/// </summary>
public static class Instruments
{
    /// <summary>The durations of requests.</summary>
    public static readonly InstrumentDescription RequestDuration = Histogram(
        "http.server.request.duration",
        "s",
        "Time from the head of a request to the end of its response.",
        "http.request.method",
        "http.response.status_code",
        "url.scheme",
        "cachingproxy.outcome"
    );

    /// <summary>The requests that are being answered.</summary>
    public static readonly InstrumentDescription ActiveRequests = Gauge(
        "http.server.active_requests",
        "{request}",
        "Requests that are being answered now."
    );

    /// <summary>The answered requests.</summary>
    public static readonly InstrumentDescription Requests = Counter(
        "cachingproxy.requests",
        "{request}",
        "Requests answered, by face, outcome and reason.",
        "face",
        "outcome",
        "reason"
    );

    /// <summary>The bytes of content sent to clients.</summary>
    public static readonly InstrumentDescription SentBytes = Counter(
        "cachingproxy.response.bytes",
        "By",
        "Bytes of content sent to clients, by where they came from: cache, origin, or the proxy itself.",
        "source"
    );

    /// <summary>
    /// The time until the head of a response was ready. Not recorded for fresh stored responses, refusals and our own endpoints.
    /// </summary>
    public static readonly InstrumentDescription TimeToFirstByte = Histogram(
        "cachingproxy.request.time_to_first_byte",
        "s",
        "Time until the head of a response was ready, for requests that the origin had to answer.",
        "outcome"
    );

    /// <summary>The time that requests wait for another request's fetch.</summary>
    public static readonly InstrumentDescription Wait = Histogram(
        "cachingproxy.request.wait",
        "s",
        "Time that requests waited for the head of another request's fetch."
    );

    /// <summary>The fills that have ended.</summary>
    public static readonly InstrumentDescription Fills = Counter(
        "cachingproxy.fills",
        "{fill}",
        "Fetches that belong to no client, by kind, result and origin.",
        "kind",
        "result",
        "origin"
    );

    /// <summary>The durations of fills.</summary>
    public static readonly InstrumentDescription FillDuration = Histogram(
        "cachingproxy.fill.duration",
        "s",
        "Time from the beginning of a fill to its end.",
        "result"
    );

    /// <summary>The fills under way.</summary>
    public static readonly InstrumentDescription ActiveFills = Gauge(
        "cachingproxy.fills.active",
        "{fill}",
        "Fills that are under way now."
    );

    /// <summary>The requests that wait for a fill.</summary>
    public static readonly InstrumentDescription WaitingRequests = Gauge(
        "cachingproxy.requests.waiting",
        "{request}",
        "Requests that wait for the head of another request's fetch now."
    );

    /// <summary>The requests that did not wait for another request's fetch.</summary>
    public static readonly InstrumentDescription HitsForMiss = Counter(
        "cachingproxy.hits_for_miss",
        "{request}",
        "Requests that did not wait for another request's fetch, because the last response could not be shared."
    );

    /// <summary>The bytes of memory for bodies that are still arriving.</summary>
    public static readonly InstrumentDescription GrowingBytes = Gauge(
        "cachingproxy.growing.bytes",
        "By",
        "Memory of bodies that are kept while they arrive."
    );

    /// <summary>The clients that were cut off because they slowed other clients down.</summary>
    public static readonly InstrumentDescription ReadersCutOff = Counter(
        "cachingproxy.readers.cut_off",
        "{client}",
        "Clients that were cut off because they held up others that read the same body."
    );

    /// <summary>The bytes received from origins.</summary>
    public static readonly InstrumentDescription OriginBytes = Counter(
        "cachingproxy.origin.bytes",
        "By",
        "Bytes of content received from origins.",
        "origin"
    );

    /// <summary>The failures of origins.</summary>
    public static readonly InstrumentDescription OriginErrors = Counter(
        "cachingproxy.origin.errors",
        "{error}",
        "Fetches without a whole response, by origin and kind of failure.",
        "origin",
        "error.type"
    );

    /// <summary>The requests that were sent a second time.</summary>
    public static readonly InstrumentDescription OriginRetries = Counter(
        "cachingproxy.origin.retries",
        "{request}",
        "Requests that were sent to an origin again, because their connection broke before an answer."
    );

    /// <summary>The origins that are considered to be down.</summary>
    public static readonly InstrumentDescription OriginsHeldDown = Gauge(
        "cachingproxy.origins.held_down",
        "{origin}",
        "Origins that are not asked now, because the last requests to them failed."
    );

    /// <summary>The requests that were not sent, because of a limit of their origin.</summary>
    public static readonly InstrumentDescription OriginRefusals = Counter(
        "cachingproxy.origin.refusals",
        "{request}",
        "Requests that were not sent: too many waited for the origin, or for too long, or it may not be asked so often."
    );

    /// <summary>The requests that wait for room at an origin.</summary>
    public static readonly InstrumentDescription OriginQueue = Gauge(
        "cachingproxy.origin.queue",
        "{request}",
        "Requests that wait for room at an origin now."
    );

    /// <summary>The purges.</summary>
    public static readonly InstrumentDescription Purges = Counter(
        "cachingproxy.purges",
        "{purge}",
        "Purges, by kind, and by whether they are soft and other nodes were told.",
        "kind",
        "soft",
        "propagated"
    );

    /// <summary>The bytes of each tier.</summary>
    public static readonly InstrumentDescription StoreBytes = Gauge(
        "cachingproxy.store.bytes",
        "By",
        "Bytes that a tier holds, as counted against its limit.",
        "tier"
    );

    /// <summary>The entries of each tier.</summary>
    public static readonly InstrumentDescription StoreEntries = Gauge(
        "cachingproxy.store.entries",
        "{entry}",
        "Entries that a tier holds.",
        "tier"
    );

    /// <summary>The evictions of the memory tier.</summary>
    public static readonly InstrumentDescription StoreEvictions = Counter(
        "cachingproxy.store.evictions",
        "{entry}",
        "Entries that were removed to make room.",
        "tier"
    );

    /// <summary>The failures of each tier.</summary>
    public static readonly InstrumentDescription StoreFailures = Counter(
        "cachingproxy.store.failures",
        "{failure}",
        "Reads of a tier that failed or found damaged entries; each costs a miss.",
        "tier"
    );

    /// <summary>The entries that a tier did not take.</summary>
    public static readonly InstrumentDescription StoreDroppedWrites = Counter(
        "cachingproxy.store.dropped_writes",
        "{entry}",
        "Entries that were not written to a tier, because it was too slow or failed.",
        "tier"
    );

    /// <summary>The state of each tier: in use or not.</summary>
    public static readonly InstrumentDescription StoreAvailable = Gauge(
        "cachingproxy.store.available",
        "1",
        "1 while the tier is in use, 0 while it is not.",
        "tier"
    );

    /// <summary>The connections of clients.</summary>
    public static readonly InstrumentDescription Connections = Gauge(
        "cachingproxy.connections",
        "{connection}",
        "Connections of clients now, idle or busy.",
        "state"
    );

    /// <summary>The idle connections that were closed to make room.</summary>
    public static readonly InstrumentDescription ConnectionsShed = Counter(
        "cachingproxy.connections.shed",
        "{connection}",
        "Idle connections that were closed to make room for others."
    );

    /// <summary>The connections that were refused, because their client had too many.</summary>
    public static readonly InstrumentDescription ConnectionsRefused = Counter(
        "cachingproxy.connections.refused",
        "{connection}",
        "Connections that were closed at once, because their client had too many."
    );

    /// <summary>The clients whose connections were cut.</summary>
    public static readonly InstrumentDescription ClientsCut = Counter(
        "cachingproxy.clients.cut",
        "{client}",
        "Clients that were cut because they took nothing, or were the slowest when room ran short."
    );

    /// <summary>The requests that could not be read.</summary>
    public static readonly InstrumentDescription MalformedRequests = Counter(
        "cachingproxy.requests.malformed",
        "{request}",
        "Requests that were refused before they could be read."
    );

    /// <summary>The memory that requests on <c>/proxy</c> use.</summary>
    public static readonly InstrumentDescription ProxyBytes = Gauge(
        "cachingproxy.proxy.bytes",
        "By",
        "Memory that requests on /proxy hold while they make their envelopes."
    );

    /// <summary>The open files and sockets.</summary>
    public static readonly InstrumentDescription Descriptors = Gauge(
        "cachingproxy.descriptors",
        "{descriptor}",
        "Files and sockets that the process has open; Linux only."
    );

    /// <summary>The stalls of the thread pool.</summary>
    public static readonly InstrumentDescription ThreadStalls = Counter(
        "cachingproxy.threads.stalls",
        "{stall}",
        "Times that work had to wait more than 50 ms for a thread."
    );

    /// <summary>The lines of the access log that were not written.</summary>
    public static readonly InstrumentDescription DroppedLines = Counter(
        "cachingproxy.log.dropped",
        "{line}",
        "Lines of the access log that were not written, because their reader was too slow or the file failed."
    );

    /// <summary>All instruments, in the order of this file.</summary>
    public static IReadOnlyList<InstrumentDescription> All => Every;

    // This field must be the last: when it is initialised, every instrument has been added to `Listed`.
    private static readonly InstrumentDescription[] Every = [.. Listed];
}
