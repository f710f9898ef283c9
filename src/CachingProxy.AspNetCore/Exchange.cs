using System.Diagnostics;
using System.IO.Pipelines;
using System.Net;
using CachingProxy.Core.Messages;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace CachingProxy.AspNetCore;

/// <summary>
/// One request and its response. The gate and the faces see nothing else of the server. This class uses only the features that a server
/// offers, so it needs no hosting and works in the same way for HTTP/1.1 and HTTP/2. For one caller at a time, except <see cref="Abort"/>.
/// </summary>
public sealed class Exchange : IProgress<long>
{
    private readonly IFeatureCollection _features;
    private readonly IHttpRequestFeature _request;
    private readonly IHttpResponseFeature _response;
    private readonly IHttpResponseBodyFeature _body;
    private readonly TimeProvider _time;
    private readonly long _receivedAt;
    private string? _traceParent;

    /// <summary>Makes an exchange from the features that a server offers for a request.</summary>
    /// <exception cref="InvalidOperationException">
    /// The features of the request, of the response or of the response's content are missing.
    /// </exception>
    /// <param name="features">The features.</param>
    /// <param name="time">The clock; null for the system's clock.</param>
    public Exchange(IFeatureCollection features, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(features);
        _features = features;
        _request = features.GetRequiredFeature<IHttpRequestFeature>();
        _response = features.GetRequiredFeature<IHttpResponseFeature>();
        _body = features.GetRequiredFeature<IHttpResponseBodyFeature>();
        _time = time ?? TimeProvider.System;
        _receivedAt = _time.GetTimestamp();
    }

    /// <summary>Makes an exchange from the context that ASP.NET Core passes through its pipeline.</summary>
    /// <param name="context">The request and its response.</param>
    /// <param name="time">The clock; null for the system's clock.</param>
    public static Exchange Of(HttpContext context, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(context);
        return new Exchange(context.Features, time);
    }

    /// <summary>The method, as received.</summary>
    public string Method => _request.Method;

    /// <summary>The scheme that the client used, <c>http</c> or <c>https</c>.</summary>
    public string Scheme
    {
        get => _request.Scheme;
        set => _request.Scheme = value;
    }

    /// <summary>The protocol, such as <c>HTTP/1.1</c>.</summary>
    public string Protocol => _request.Protocol;

    /// <summary>The request target, byte for byte as received.</summary>
    public string RawTarget => _request.RawTarget;

    /// <summary>The fields of the request.</summary>
    public IHeaderDictionary RequestHeaders => _request.Headers;

    /// <summary>Tells whether the request may have content.</summary>
    public bool HasContent => _features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: true };

    /// <summary>The content of the request. Code that reads a part of it sets this property to a stream over the rest.</summary>
    public Stream Content
    {
        get => _request.Body;
        set => _request.Body = value;
    }

    /// <summary>The content of the request as a pipe; where the server offers only a stream, a pipe over that stream.</summary>
    internal PipeReader ContentReader => _features.Get<IRequestBodyPipeFeature>()?.Reader ?? PipeReader.Create(_request.Body);

    /// <summary>The address at the other end of the connection; null if the connection has no address.</summary>
    public IPAddress? PeerAddress => _features.Get<IHttpConnectionFeature>()?.RemoteIpAddress;

    /// <summary>
    /// The client's address; null if there is none. It is the address at the other end of the connection. If a trusted proxy (<see
    /// cref="Gate.TrustedProxies"/>) is there, it is the address that this proxy names.
    /// </summary>
    public IPAddress? ClientAddress
    {
        get => field ?? PeerAddress;
        set;
    }

    /// <summary>The port that the request came in on; 0 where the connection has none.</summary>
    public int LocalPort => _features.Get<IHttpConnectionFeature>()?.LocalPort ?? 0;

    /// <summary>The token that is cancelled when the client has gone, or the exchange was aborted.</summary>
    public CancellationToken ClientGone => _features.Get<IHttpRequestLifetimeFeature>()?.RequestAborted ?? CancellationToken.None;

    /// <summary>The status of the response. 200 by default; to be set before the response has begun.</summary>
    public int Status
    {
        get => _response.StatusCode;
        set => _response.StatusCode = value;
    }

    /// <summary>The fields of the response, to be set before the response has begun.</summary>
    public IHeaderDictionary ResponseHeaders => _response.Headers;

    /// <summary>Tells whether the head of the response is sent, and nothing of it can be changed any more.</summary>
    public bool HasStarted => _response.HasStarted;

    /// <summary>The request as a face gave it to the engine; null if no face has received an answer.</summary>
    public CacheRequest? Asked { get; private set; }

    /// <summary>The answer of the engine; null if no face has received an answer. Its content may no longer be available.</summary>
    public CacheResult? Answer { get; private set; }

    /// <summary>The time from the head of the request to the answer of the engine; zero if there is no answer.</summary>
    public TimeSpan TimeToAnswer { get; private set; }

    /// <summary>The time since the head of the request was read.</summary>
    public TimeSpan Elapsed => _time.GetElapsedTime(_receivedAt);

    /// <summary>The code of the proxy's own error that the response reports; null if the response reports no such error.</summary>
    public string? ErrorCode { get; set; }

    /// <summary>The bytes of content that were handed to the client so far.</summary>
    public long SentBytes { get; private set; }

    /// <summary>
    /// The field <c>traceparent</c> (W3C Trace Context) for requests to the origin: that of the current span, or the client's own if it is
    /// valid, or a new one that begins a trace.
    /// </summary>
    public string TraceParent => _traceParent ??= Activity.Current?.Id ?? ValidTraceParent ?? NewTraceParent();

    /// <summary>The trace that the request belongs to, 32 hexadecimal digits; null where it belongs to none so far.</summary>
    public string? TraceId => (_traceParent ?? Activity.Current?.Id ?? ValidTraceParent)?.Substring(3, 32);

    /// <summary>
    /// Tells whether the trace is one that a client named or that a span records, as opposed to one made for the origin alone.
    /// </summary>
    public bool IsTraced => Activity.Current is not null || ValidTraceParent is not null;

    /// <summary>
    /// The client's field <c>tracestate</c>, which counts only together with a valid <c>traceparent</c>; null if there is none.
    /// </summary>
    public string? TraceState =>
        ValidTraceParent is not null && RequestHeaders.TraceState is { Count: > 0 } state ? state.ToString() : null;

    private string? ValidTraceParent =>
        RequestHeaders.TraceParent is { Count: 1 } given && ActivityContext.TryParse(given[0], null, out _) ? given[0] : null;

    private static string NewTraceParent() => $"00-{ActivityTraceId.CreateRandom()}-{ActivitySpanId.CreateRandom()}-00";

    /// <summary>Takes the content of the response. The writer's first flush sends the head.</summary>
    public PipeWriter Writer => _body.Writer;

    /// <summary>Takes interim responses before the response begins; null if the connection cannot carry interim responses.</summary>
    internal PipeWriter? InterimWriter =>
        // Kestrel itself may be about to send a 100 to a client that waits for one before it sends its content.
        HttpProtocol.IsHttp11(Protocol)
        && RequestHeaders.Expect.Count == 0
            ? _features.Get<IConnectionTransportFeature>()?.Transport.Output
            : null;

    /// <summary>Tells whether the content of the response reaches the client in the framing that we give it.</summary>
    internal bool CanBeFramed =>
        this is { HasStarted: false, ResponseHeaders.ContentLength: null }
        && HttpProtocol.IsHttp11(Protocol)
        // Middleware between us and Kestrel, such as compression, would treat our framing as content.
        && _body.GetType().Assembly == typeof(KestrelServer).Assembly;

    /// <summary>Tells whether the connection can be switched over to another protocol.</summary>
    public bool CanUpgrade => _features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true };

    /// <summary>Sends 101, and returns the connection.</summary>
    /// <exception cref="InvalidOperationException">The connection cannot be switched over.</exception>
    public Task<Stream> UpgradeAsync() => _features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync();

    /// <summary>Limits the size of the request's content. Must be called before any of the content is read.</summary>
    public void LimitContent(long bytes) => _features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = bytes;

    /// <summary>Registers a function that is called when the response is about to begin.</summary>
    public void OnStarting(Func<Task> callback) => _response.OnStarting(static function => ((Func<Task>)function)(), callback);

    /// <summary>Resets the status and the fields of the response.</summary>
    /// <exception cref="InvalidOperationException">The response has begun.</exception>
    public void Clear()
    {
        if (HasStarted)
        {
            throw new InvalidOperationException("The response has begun, and cannot be taken back.");
        }

        Status = 200;
        ResponseHeaders.Clear();
    }

    /// <summary>Notes the engine's answer, for the log and the metrics.</summary>
    public void OnAnswered(CacheRequest request, CacheResult answer)
    {
        Asked = request;
        Answer = answer;
        TimeToAnswer = Elapsed;
    }

    /// <summary>Counts bytes of content that were handed to the client.</summary>
    void IProgress<long>.Report(long value) => SentBytes += value;

    /// <summary>
    /// Writes the whole content of the response, unless the request was HEAD. States the length of the content in both cases.
    /// </summary>
    public async Task WriteAsync(ReadOnlyMemory<byte> content)
    {
        ResponseHeaders.ContentLength = content.Length;
        if (Method != "HEAD")
        {
            await Writer.WriteAsync(content, ClientGone);
            SentBytes += content.Length;
        }
    }

    /// <summary>Sends all of the response, even if the request is still arriving.</summary>
    public Task CompleteAsync() => _body.CompleteAsync();

    /// <summary>Ends the connection at once. Safe for any thread.</summary>
    public void Abort() => _features.Get<IHttpRequestLifetimeFeature>()?.Abort();

    /// <summary>Returns a feature of the server's connection; null if the server offers no feature of that kind.</summary>
    public T? Feature<T>()
        where T : class => _features.Get<T>();

    /// <summary>Hands the exchange to middleware of ASP.NET Core.</summary>
    public Task PassToAsync(RequestDelegate middleware)
    {
        ArgumentNullException.ThrowIfNull(middleware);
        return middleware(new DefaultHttpContext(_features));
    }
}
