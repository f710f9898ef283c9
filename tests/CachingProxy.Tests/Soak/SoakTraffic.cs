using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json;
using CachingProxy.TestKit;

namespace CachingProxy.Tests.Soak;

/// <summary>The clients of the soak: what they ask, and what they find wrong.</summary>
internal sealed class SoakTraffic(SoakOrigin origin, IReadOnlyList<ProxyProcess> proxies)
{
    private const int Objects = 4000;

    private static readonly TimeSpan UntilOtherNodes = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<(int Proxy, string Path), (long Version, DateTime From)> _purged = new();
    private long _requests;
    private long _wrong;
    private long _stale;
    private long _errors;
    private long _purges;

    public long Requests => Volatile.Read(ref _requests);

    public long Wrong => Volatile.Read(ref _wrong);

    public long Stale => Volatile.Read(ref _stale);

    /// <summary>Failures at a time when none is expected.</summary>
    public long Errors => Volatile.Read(ref _errors);

    public long Purges => Volatile.Read(ref _purges);

    /// <summary>Whether failures are expected now.</summary>
    public volatile bool MayFail;

    /// <summary>What was wrong, the first few.</summary>
    public ConcurrentQueue<string> Findings { get; } = new();

    /// <summary>One of the active clients: asks until it is told to stop.</summary>
    public async Task AskAsync(int seed, CancellationToken stop)
    {
        var random = new Random(seed);
        while (!stop.IsCancellationRequested)
        {
            var couldFail = MayFail;
            var proxy = random.Next(proxies.Count);
            try
            {
                Interlocked.Increment(ref _requests);
                await AskOnceAsync(random, proxy, stop);
            }
            catch (Exception failure) when (failure is HttpRequestException or IOException or SocketException)
            {
                if (!couldFail && !MayFail)
                {
                    Find(ref _errors, $"{DateTime.UtcNow:T} proxy {proxy}: {failure.Message}");
                }
            }
            catch (OperationCanceledException) { }

            await Task.Delay(random.Next(400), CancellationToken.None);
        }
    }

    /// <summary>One of the idle clients: asks once, and again when its connection was closed.</summary>
    public async Task IdleAsync(int number, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                var proxy = proxies[number % proxies.Count].Client.BaseAddress!;
                using var client = await RawClient.ConnectAsync(proxy);
                await client.SendAsync($"GET /healthz HTTP/1.1\r\nHost: {proxy.Authority}\r\n\r\n");
                while (await client.Stream.ReadAsync(new byte[1024], stop) > 0) { }
            }
            catch (Exception end) when (end is IOException or SocketException or OperationCanceledException) { }
        }
    }

    private Task AskOnceAsync(Random random, int proxy, CancellationToken stop) =>
        random.Next(100) switch
        {
            < 3 => PrivateAsync(random, proxy, stop),
            < 6 => RangeAsync(random, proxy, stop),
            < 8 => EnvelopeAsync(random, proxy, stop),
            < 10 => EchoAsync(random, proxy, stop),
            < 12 => BreakOffAsync(random, proxy, stop),
            < 13 => SlowlyAsync(random, proxy, stop),
            < 14 => PurgeAsync(random, proxy, stop),
            _ => GetAsync(random, proxy, stop),
        };

    // A few objects are asked for often, and most seldom.
    private static string Path(Random random) => $"/o/{(int)(Objects * Math.Pow(random.NextDouble(), 3))}";

    private async Task GetAsync(Random random, int proxy, CancellationToken stop)
    {
        var path = Path(random);
        var atLeast = AtLeast(proxy, path);
        using var response = await SendAsync(proxy, new HttpRequestMessage(HttpMethod.Get, path), stop);
        Check(path, response, await response.Content.ReadAsByteArrayAsync(stop), 0, atLeast);
    }

    private async Task RangeAsync(Random random, int proxy, CancellationToken stop)
    {
        var path = Path(random);
        var atLeast = AtLeast(proxy, path);
        using var response = await SendAsync(
            proxy,
            new HttpRequestMessage(HttpMethod.Get, path) { Headers = { Range = new RangeHeaderValue(50, 89) } },
            stop
        );
        Check(
            path,
            response,
            await response.Content.ReadAsByteArrayAsync(stop),
            response.StatusCode == HttpStatusCode.PartialContent ? 50 : 0,
            atLeast
        );
    }

    private async Task PrivateAsync(Random random, int proxy, CancellationToken stop)
    {
        var path = $"/private/{random.NextInt64()}";
        using var response = await SendAsync(proxy, new HttpRequestMessage(HttpMethod.Get, path), stop);
        var content = await response.Content.ReadAsStringAsync(stop);
        if (!content.StartsWith(path + "|", StringComparison.Ordinal))
        {
            Find(ref _wrong, $"{path} answered with {content[..Math.Min(40, content.Length)]}");
        }
    }

    private async Task EnvelopeAsync(Random random, int proxy, CancellationToken stop)
    {
        var path = $"/o/{random.Next(20)}";
        using var response = await SendAsync(proxy, new HttpRequestMessage(HttpMethod.Get, $"/proxy?url={path[1..]}"), stop);
        using var envelope = JsonDocument.Parse(await response.Content.ReadAsStringAsync(stop));
        if (
            !envelope.RootElement.GetProperty("success").GetBoolean()
            || envelope.RootElement.GetProperty("data").GetString() is not { Length: > 0 }
        )
        {
            Find(ref _wrong, $"the envelope of {path} is not one");
        }
    }

    private async Task EchoAsync(Random random, int proxy, CancellationToken stop)
    {
        var content = new byte[random.Next(1, 20_000)];
        random.NextBytes(content);
        using var response = await SendAsync(
            proxy,
            new HttpRequestMessage(HttpMethod.Post, "/echo") { Content = new ByteArrayContent(content) },
            stop
        );
        if (!(await response.Content.ReadAsByteArrayAsync(stop)).AsSpan().SequenceEqual(content))
        {
            Find(ref _wrong, "an echo is not what was said");
        }
    }

    private async Task BreakOffAsync(Random random, int proxy, CancellationToken stop)
    {
        using var client = await RawClient.ConnectAsync(proxies[proxy].Client.BaseAddress!);
        await client.SendAsync(
            $"GET /o/{random.Next(Objects / 50) * 50} HTTP/1.1\r\nHost: {proxies[proxy].Client.BaseAddress!.Authority}\r\n\r\n"
        );
        _ = await client.Stream.ReadAsync(new byte[1000], stop);
        client.Reset();
    }

    private async Task SlowlyAsync(Random random, int proxy, CancellationToken stop)
    {
        var path = $"/o/{random.Next(Objects / 50) * 50}";
        using var response = await SendAsync(proxy, new HttpRequestMessage(HttpMethod.Get, path), stop);
        await using var stream = await response.Content.ReadAsStreamAsync(stop);
        var received = new MemoryStream();
        var buffer = new byte[20_000];
        while (await stream.ReadAsync(buffer, stop) is var read and > 0)
        {
            received.Write(buffer, 0, read);
            await Task.Delay(200, stop);
        }

        Check(path, response, received.ToArray(), 0, 0);
    }

    private async Task PurgeAsync(Random random, int proxy, CancellationToken stop)
    {
        var path = Path(random);
        var version = origin.Change(path);
        using var purge = new HttpRequestMessage(HttpMethod.Delete, $"/cache?url={path[1..]}");
        using var response = await proxies[proxy].Client.SendAsync(purge, stop);
        if (response.StatusCode == HttpStatusCode.ServiceUnavailable)
        {
            // Redis was not told: it is told later.
            return;
        }

        if (!response.IsSuccessStatusCode)
        {
            Find(ref _errors, $"a purge ended as {(int)response.StatusCode}");
            return;
        }

        Interlocked.Increment(ref _purges);
        // The first two share what is purged, the third is by itself.
        foreach (var node in proxy < 2 ? [0, 1] : (int[])[2])
        {
            _purged[(node, path)] = (version, DateTime.UtcNow + (node == proxy ? TimeSpan.Zero : UntilOtherNodes));
        }
    }

    private async Task<HttpResponseMessage> SendAsync(int proxy, HttpRequestMessage request, CancellationToken stop)
    {
        var response = await proxies[proxy].Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stop);
        if ((int)response.StatusCode >= 300)
        {
            var status = (int)response.StatusCode;
            response.Dispose();
            throw new HttpRequestException($"{request.Method} {request.RequestUri} ended as {status}");
        }

        return response;
    }

    private long AtLeast(int proxy, string path) =>
        _purged.TryGetValue((proxy, path), out var purged) && DateTime.UtcNow > purged.From ? purged.Version : 0;

    private void Check(string path, HttpResponseMessage response, byte[] content, int from, long atLeast)
    {
        var version = long.Parse(response.Headers.ETag?.Tag.Trim('"') ?? "-1", CultureInfo.InvariantCulture);
        var whole = SoakContent.Of(path, version, SoakContent.SizeOf(int.Parse(path.AsSpan(3), CultureInfo.InvariantCulture)));
        if (!content.AsSpan().SequenceEqual(from == 0 ? whole : whole.AsSpan(from, 40)))
        {
            Find(ref _wrong, $"{path} of version {version} from byte {from} on is not what it should be: {content.Length} bytes");
        }

        if (version < atLeast)
        {
            Find(ref _stale, $"{path} is of version {version} after a purge at {atLeast}");
        }
    }

    private void Find(ref long counter, string finding)
    {
        Interlocked.Increment(ref counter);
        if (Findings.Count < 50)
        {
            Findings.Enqueue(finding);
        }
    }
}
