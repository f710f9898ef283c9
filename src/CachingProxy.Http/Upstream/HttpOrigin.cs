using System.Net;
using System.Text;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Parsing;
using CachingProxy.Http.Targets;

namespace CachingProxy.Http.Upstream;

/// <summary>
/// The way to origins that speak HTTP. Uses <see cref="SocketsHttpHandler"/>, with every feature turned off that is wrong for a shared
/// proxy: cookies, redirects, the environment's proxies, decompression, tracing fields. Safe for any number of threads.
/// </summary>
public sealed class HttpOrigin : IOrigin, IDisposable
{
    // RFC 9110 §9.2.2. QUERY, PROPFIND, REPORT and SEARCH are safe, and so idempotent.
    private static readonly HashSet<string> Idempotent =
    [
        "GET",
        "HEAD",
        "OPTIONS",
        "PUT",
        "DELETE",
        "QUERY",
        "PROPFIND",
        "REPORT",
        "SEARCH",
    ];

    private readonly HttpMessageInvoker _pooled;
    private readonly HttpMessageInvoker _fresh;
    private readonly HttpOriginOptions _options;
    private readonly OriginProxy? _proxy;
    private readonly TimeProvider _time;
    private long _retries;

    /// <summary>Makes an origin whose connections <paramref name="guard"/> opens. The guard decides about every target.</summary>
    public HttpOrigin(TargetGuard guard, HttpOriginOptions options, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(guard);
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _time = time;
        // A pooled connection has a bounded lifetime: after that time, the name is looked up and checked again.
        _proxy = options.Proxy is null ? null : new OriginProxy(options.Proxy, guard);
        _pooled = CreateInvoker(guard, lifetime: TimeSpan.FromMinutes(5));
        _fresh = CreateInvoker(guard, lifetime: TimeSpan.Zero);
    }

    /// <summary>The number of requests that were sent again, because their connection broke before an answer.</summary>
    public long Retries => Volatile.Read(ref _retries);

    /// <inheritdoc/>
    public async ValueTask<OriginResponse> SendAsync(OriginRequest request, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(request);
        try
        {
            return await SendAsync(_pooled, request, cancellation);
        }
        catch (OriginException failure)
            when (failure.Error == OriginError.Disconnected && CanBeSentAgain(request) && !cancellation.IsCancellationRequested)
        {
            try
            {
                await (_options.BeforeResend?.Invoke(request, cancellation) ?? ValueTask.CompletedTask);
            }
            catch (OriginException)
            {
                // The origin may have acted on the first request, so the first failure is reported.
                throw failure;
            }

            Interlocked.Increment(ref _retries);
            // RFC 9112 §9.3.1: the connection may have been closed while the request was on its way. The request is sent again once, on a
            // new connection.
            return await SendAsync(_fresh, request, cancellation);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _pooled.Dispose();
        _fresh.Dispose();
    }

    private HttpMessageInvoker CreateInvoker(TargetGuard guard, TimeSpan lifetime) =>
        new(
            new SocketsHttpHandler
            {
                UseCookies = false,
                UseProxy = _proxy is not null,
                Proxy = _proxy,
                AllowAutoRedirect = false,
                AutomaticDecompression = DecompressionMethods.None,
                ActivityHeadersPropagator = null,
                ConnectTimeout = _options.ConnectTimeout,
                ConnectCallback = _proxy is null ? guard.ConnectAsync : _proxy.ConnectAsync,
                SslOptions = new OriginCertificates(_options).ClientOptions,
                // A CONNECT to a proxy is not an exchange with an origin. The requests that go through its tunnel are such exchanges.
                PlaintextStreamFilter = (context, _) =>
                    new ValueTask<Stream>(
                        context.InitialRequestMessage.Method == HttpMethod.Connect
                            ? context.PlaintextStream
                            : new OriginConnection(context.PlaintextStream, isHttp1: context.NegotiatedHttpVersion.Major == 1)
                    ),
                EnableMultipleHttp2Connections = true,
                PooledConnectionLifetime = lifetime,
                PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
                MaxResponseHeadersLength = 32,
                // Field values are bytes; Latin-1 keeps each byte unchanged.
                RequestHeaderEncodingSelector = (_, _) => Encoding.Latin1,
                ResponseHeaderEncodingSelector = (_, _) => Encoding.Latin1,
            }
        );

    private static bool CanBeSentAgain(OriginRequest request) =>
        Idempotent.Contains(request.Method) && !request.IsUpgrade && request.Content is null or { CanSeek: true };

    private async ValueTask<OriginResponse> SendAsync(HttpMessageInvoker invoker, OriginRequest request, CancellationToken cancellation)
    {
        var silence = new SilenceLimit(_options.HeadTimeout, _time, cancellation);
        var exchange = OriginExchange.Begin(
            request.Key.Authority.StartsWith("http:", StringComparison.Ordinal),
            OnInterim(request, silence),
            UploadOf(request, silence)
        );
        HttpResponseMessage? response = null;
        try
        {
            using var message = CreateMessage(request);
            await (_proxy?.PrepareAsync(message, silence.Token) ?? ValueTask.CompletedTask);
            response = await invoker.SendAsync(message, silence.Token);
            _proxy?.CheckAnswer(message, response);
            var head = ResponseGuard.Check(request, response, _options.MaxResponseFields);
            if (head.IsAmbiguous)
            {
                exchange.Connection?.CloseAfter(exchange);
            }

            var isTunnel = response.StatusCode == HttpStatusCode.SwitchingProtocols;
            silence.SetLimit(isTunnel || ServerSentEvents.AreIn(head.Fields) ? Timeout.InfiniteTimeSpan : _options.IdleTimeout);
            var content = await response.Content.ReadAsStreamAsync(cancellation);
            return new OriginResponse((int)response.StatusCode, head.Fields, new OriginBody(content, silence, exchange), response)
            {
                ContentLength = head.ContentLength,
                Version = response.Version.ToString(2) is "2.0" ? "2" : response.Version.ToString(2),
                Trailers = () => head.IsAmbiguous ? FieldList.Empty : TrailerFields.Of(response.TrailingHeaders, head.Fields),
                IsFramingAmbiguous = head.IsAmbiguous,
                HasUnreadableField = head.HasUnreadableField || exchange.IsHeadRepaired,
            };
        }
        catch (Exception failure)
        {
            await exchange.EndAsync();
            response?.Dispose();
            silence.Dispose();
            if (OriginFailures.Classify(failure, silence) is { } known)
            {
                throw known;
            }

            throw;
        }
    }

    // RFC 9110 §15.2: an interim response counts as a sign of life. InterimReader bounds the number of interim responses.
    private static Action<InterimResponse>? OnInterim(OriginRequest request, SilenceLimit silence) =>
        request.OnInterim is not { } onInterim
            ? null
            : interim =>
            {
                silence.OnSignOfLife();
                onInterim(interim);
            };

    private static Upload? UploadOf(OriginRequest request, SilenceLimit silence)
    {
        if (request.Content is { CanSeek: true } kept)
        {
            // Content that is in memory may be sent a second time.
            kept.Position = 0;
        }

        return request.Content is { } content ? new Upload(content, request.ContentLength, request.ExpectsContinue, silence) : null;
    }

    private static HttpRequestMessage CreateMessage(OriginRequest request)
    {
        // The target was validated byte by byte; any rewriting here would fetch another URI than the one in the key.
        var uri = new Uri(request.Key.ToString(), new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        var message = new HttpRequestMessage(new HttpMethod(request.Method), uri)
        {
            // A request with content uses HTTP/1.1, because its upload is written to the connection itself.
            Version =
                uri.Scheme == "https" && !request.IsUpgrade && request.Content is null ? HttpVersion.Version20 : HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
            // RFC 9110 §8.6: a request without content states a length of 0 if its method may have content. If there is content, the upload
            // replaces that field with the true framing.
            Content = request.Content is null && request.Method is "GET" or "HEAD" or "OPTIONS" ? null : new ByteArrayContent([]),
        };

        foreach (var (name, values) in request.Fields)
        {
            if (!message.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values))
            {
                (message.Content ??= new ByteArrayContent([])).Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values);
            }
        }

        if (request.IsUpgrade)
        {
            message.Headers.TryAddWithoutValidation("Connection", "Upgrade");
            message.Headers.TryAddWithoutValidation("Upgrade", "websocket");
        }

        return message;
    }
}
