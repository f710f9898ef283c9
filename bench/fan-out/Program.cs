// What it costs to wait for another's fetch: first bytes, memory, requests to the origin.
//   dotnet run -c Release --project bench/fan-out -- COMMAND [ARGUMENT...]       (the proxy; ./caching-proxy by default)
// Origin and clients are in this process, the proxy in another; all share the machine's cores. Prints markdown.
using System.Diagnostics;
using CachingProxy.FanOut;

var command = args.Length > 0 ? args : ["./caching-proxy"];
await using var origin = await WaveOrigin.StartAsync();
using var proxy = await ProxyProcess.StartAsync(command, origin.Url);

Console.WriteLine(
    "| what | clients | origin asked | slowest first byte after the origin's | p99 | p50 | bodies | peak memory above idle |"
);
Console.WriteLine("| --- | --- | --- | --- | --- | --- | --- | --- |");
for (var warmUp = 0; warmUp < 4; warmUp++)
{
    await WaveAsync(warmUp == 0 ? 100 : 1000, print: false);
}

foreach (var clients in new[] { 100, 1000, 100, 1000, 100, 1000, 1000, 1000 })
{
    await WaveAsync(clients, print: true);
}

Console.WriteLine();
Console.WriteLine("| what cannot be shared, 100 clients | p50 | p99 | slowest |");
Console.WriteLine("| --- | --- | --- | --- |");
foreach (
    var (name, url) in new[]
    {
        ("direct", origin.Url),
        ("through the proxy", proxy.Url),
        ("direct", origin.Url),
        ("through the proxy", proxy.Url),
    }
)
{
    await Client.GetAsync(url, "/private");
    await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => Client.GetAsync(url, "/private")));
    var took = (await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => Client.GetAsync(url, "/private", requests: 10))))
        .SelectMany(client => client.Took)
        .Order()
        .ToList();
    Console.WriteLine(
        $"| {name} | {took[took.Count / 2].TotalMilliseconds:F0} ms | {took[took.Count * 99 / 100].TotalMilliseconds:F0} ms | {took[^1].TotalMilliseconds:F0} ms |"
    );
}

Console.WriteLine();

// Of its own, so that what the waves left is not counted.
using var second = await ProxyProcess.StartAsync(command, origin.Url);
var idleBefore = second.ResetPeak();
var clock = Stopwatch.StartNew();
var downloads = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => Client.GetAsync(second.Url, "/large")));
Console.WriteLine(
    $"2 GiB by 10 clients: {downloads.Count(client => client.Bytes == WaveOrigin.LargeBytes)} whole, {clock.Elapsed.TotalSeconds:F0} s, "
        + $"origin asked {origin.Asked("/large")} times, peak resident memory {second.PeakBytes >> 20} MiB (before: {idleBefore >> 20} MiB)"
);
return 0;

async Task WaveAsync(int clients, bool print)
{
    var path = $"/wave/{Guid.NewGuid():N}";
    var idle = proxy.ResetPeak();
    var results = await Task.WhenAll(Enumerable.Range(0, clients).Select(_ => Client.GetAsync(proxy.Url, path)));
    if (!print)
    {
        return;
    }

    var began = origin.FirstByteAt(path);
    var first = results.Select(client => Stopwatch.GetElapsedTime(began, client.FirstByteAt).TotalMilliseconds).Order().ToList();
    var same = results.Count(client => client.Bytes == WaveOrigin.WaveBytes && client.Checksum == results[0].Checksum);
    Console.WriteLine(
        $"| 1 s, then 5 MB over 2 s | {clients} | {origin.Asked(path)} | {first[^1]:F0} ms | {first[clients * 99 / 100]:F0} ms | {first[clients / 2]:F0} ms "
            + $"| {same} identical | {(proxy.PeakBytes - idle) >> 20} MiB |"
    );
}
