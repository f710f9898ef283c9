using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace CachingProxy.Core.Telemetry;

/// <summary>
/// Measures requests, fills and purges, on <see cref="System.Diagnostics.Metrics"/>. Labels are bounded: no paths, no clients, and no
/// origins but those that are configured. Safe for any number of threads.
/// </summary>
public sealed class CacheMetrics : ICacheListener, IDisposable
{
    private const string OtherOrigin = "other";

    // The bounds of the buckets, in seconds: from a hit in memory to an origin that is about to time out.
    private static readonly double[] Seconds =
    [
        0.0001,
        0.00025,
        0.0005,
        0.001,
        0.0025,
        0.005,
        0.01,
        0.025,
        0.05,
        0.1,
        0.25,
        0.5,
        1,
        2.5,
        5,
        10,
        30,
    ];

    private static readonly object[] Statuses = [.. Enumerable.Range(0, 600).Select(status => (object)status)];

    private readonly Meter _meter = new(Tracing.Name);
    private readonly HashSet<string> _origins;
    private readonly Histogram<double> _duration;
    private readonly Counter<long> _requests;
    private readonly Counter<long> _sentBytes;
    private readonly Histogram<double> _timeToFirstByte;
    private readonly Histogram<double> _wait;
    private readonly Counter<long> _fills;
    private readonly Histogram<double> _fillDuration;
    private readonly Counter<long> _originBytes;
    private readonly Counter<long> _originErrors;
    private readonly Counter<long> _purges;

    /// <summary>Makes the instruments.</summary>
    /// <param name="origins">The authorities that may be labels; all others are <c>other</c>.</param>
    public CacheMetrics(IEnumerable<string> origins)
    {
        _origins = [.. origins];
        _duration = Histogram(Instruments.RequestDuration);
        _requests = Counter(Instruments.Requests);
        _sentBytes = Counter(Instruments.SentBytes);
        _timeToFirstByte = Histogram(Instruments.TimeToFirstByte);
        _wait = Histogram(Instruments.Wait);
        _fills = Counter(Instruments.Fills);
        _fillDuration = Histogram(Instruments.FillDuration);
        _originBytes = Counter(Instruments.OriginBytes);
        _originErrors = Counter(Instruments.OriginErrors);
        _purges = Counter(Instruments.Purges);
    }

    /// <summary>Adds an instrument whose number is read each time the metrics are collected.</summary>
    /// <param name="instrument">A counter or a gauge without labels.</param>
    /// <param name="read">Returns the number now.</param>
    public void Observe(InstrumentDescription instrument, Func<long> read) => Observe(instrument, () => [new Measurement<long>(read())]);

    /// <summary>Adds an instrument whose numbers are read each time the metrics are collected.</summary>
    /// <param name="instrument">A counter or a gauge.</param>
    /// <param name="read">Returns the number of each series now.</param>
    public void Observe(InstrumentDescription instrument, Func<IEnumerable<Measurement<long>>> read)
    {
        ArgumentNullException.ThrowIfNull(instrument);
        if (instrument.Kind == InstrumentKind.Counter)
        {
            _meter.CreateObservableCounter(instrument.Name, read, instrument.Unit, instrument.Meaning);
        }
        else
        {
            _meter.CreateObservableGauge(instrument.Name, read, instrument.Unit, instrument.Meaning);
        }
    }

    /// <inheritdoc/>
    public void OnRequest(in RequestEvent request)
    {
        var outcome = request.Outcome.ToToken();
        _duration.Record(
            request.Duration.TotalSeconds,
            new TagList
            {
                { "http.request.method", KnownMethods.Of(request.Method) },
                { "http.response.status_code", Statuses[Math.Clamp(request.Status, 0, Statuses.Length - 1)] },
                { "url.scheme", "http" },
                { "cachingproxy.outcome", outcome },
            }
        );
        _requests.Add(1, new("face", request.Face ?? "none"), new("outcome", outcome), new("reason", request.Reason));
        if (request.Bytes > 0)
        {
            _sentBytes.Add(request.Bytes, new KeyValuePair<string, object?>("source", SourceOf(request.Outcome)));
        }

        if (WentToOrigin(request))
        {
            OnFetched(request, outcome);
        }
    }

    /// <inheritdoc/>
    public void OnFill(in FillEvent fill)
    {
        var result = fill.Result.ToToken();
        var origin = OriginOf(fill.Key.Authority);
        _fills.Add(1, new("kind", fill.Kind.ToToken()), new("result", result), new("origin", origin));
        _fillDuration.Record(fill.Duration.TotalSeconds, new KeyValuePair<string, object?>("result", result));
        _originBytes.Add(fill.Bytes, new KeyValuePair<string, object?>("origin", origin));
        if (fill.Failure is { } failure)
        {
            _originErrors.Add(1, new("origin", origin), new("error.type", Enum.GetName(failure)));
        }
    }

    /// <inheritdoc/>
    public void OnPurge(in PurgeEvent purge) =>
        _purges.Add(
            1,
            new("kind", purge.Kind),
            new("soft", purge.IsSoft ? "true" : "false"),
            new("propagated", purge.IsPropagated ? "true" : "false")
        );

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    private static bool WentToOrigin(in RequestEvent request) =>
        request.Outcome switch
        {
            RequestOutcome.Hit or RequestOutcome.Own or RequestOutcome.Refused => false,
            RequestOutcome.Stale => request.Reason == "stale-if-error",
            _ => true,
        };

    private void OnFetched(in RequestEvent request, string outcome)
    {
        _timeToFirstByte.Record(request.TimeToHead.TotalSeconds, new KeyValuePair<string, object?>("outcome", outcome));
        if (request.Waited > TimeSpan.Zero)
        {
            _wait.Record(request.Waited.TotalSeconds);
        }

        // Counts the bytes of a response that is not stored: it goes to its one client, and no fill counts its bytes.
        if (request is { IsStored: false, Outcome: RequestOutcome.Miss or RequestOutcome.Bypass, Key: { } key })
        {
            _originBytes.Add(request.Bytes, new KeyValuePair<string, object?>("origin", OriginOf(key.Authority)));
        }
    }

    private string OriginOf(string authority) => _origins.Contains(authority) ? authority : OtherOrigin;

    private static string SourceOf(RequestOutcome outcome) =>
        outcome switch
        {
            _ when outcome.IsFromCache() => "cache",
            RequestOutcome.Miss or RequestOutcome.Shared or RequestOutcome.Bypass => "origin",
            _ => "proxy",
        };

    private Counter<long> Counter(InstrumentDescription instrument) =>
        _meter.CreateCounter<long>(instrument.Name, instrument.Unit, instrument.Meaning);

    private Histogram<double> Histogram(InstrumentDescription instrument) =>
        _meter.CreateHistogram(
            instrument.Name,
            instrument.Unit,
            instrument.Meaning,
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = Seconds }
        );
}
