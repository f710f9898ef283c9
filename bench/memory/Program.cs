// What a stored response takes beside its body, and what the process does under a load that never stops evicting.
//   dotnet run -c Release --project bench/memory                    all of it
//   dotnet run -c Release --project bench/memory -- load REQUESTS   the load alone (1,000,000 by default; 10,000,000 is the budget's)
// The engine is called directly, without sockets: 1 KiB bodies, seven fields, 1,000,000 URLs at random, --max-memory 256MB.
using System.Diagnostics;
using System.Globalization;
using CachingProxy.Core;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Stores;
using CachingProxy.Core.Stores.Memory;
using CachingProxy.TestKit;
using Microsoft.Extensions.Logging.Abstractions;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
var requests = args is ["load", var number] ? int.Parse(number) : 1_000_000;
Func<string, string[]> usual = target =>
    [
        $"Date: {DateTimeOffset.UtcNow:R}",
        "Content-Type: application/json; charset=utf-8",
        "Cache-Control: max-age=3600",
        $"ETag: \"{target.GetHashCode():x8}{target.GetHashCode():x8}\"",
        "Server: nginx/1.27.3",
        $"Last-Modified: {DateTimeOffset.UtcNow.AddMinutes(-target.GetHashCode() % 100000):R}",
        "Via: 1.1 origin",
    ];
var face = FaceOf(1024, usual);

// First, for what is resident afterwards is not given back at once.
await MeasureLoadAsync();
if (args.Length == 0)
{
    foreach (var (name, length, fields) in Shapes())
    {
        GC.Collect();
        await MeasureEntryAsync(name, length, fields);
    }

    GC.Collect();
    await MeasurePurgeAsync();
}

async Task MeasureLoadAsync()
{
    var (store, loaded) = Create(256L << 20);
    var random = new Random(1);
    var (rates, longest, paused) = (new List<double>(), TimeSpan.Zero, GC.GetTotalPauseDuration());
    var part = Math.Max(requests / 10, 1);
    for (var done = 0; done < requests; done += part)
    {
        var began = Stopwatch.GetTimestamp();
        for (var i = 0; i < part; i++)
        {
            await ServeAsync(loaded, face, random.Next(1_000_000));
            var now = GC.GetTotalPauseDuration();
            (longest, paused) = (now - paused > longest ? now - paused : longest, now);
        }

        rates.Add(part / Stopwatch.GetElapsedTime(began).TotalSeconds);
    }

    // The most that was ever resident.
    var peak =
        long.Parse(
            File.ReadLines("/proc/self/status")
                .Single(line => line.StartsWith("VmHWM", StringComparison.Ordinal))
                .Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2]
        ) >> 10;
    Console.WriteLine(
        $"{requests} requests: {peak} MiB resident at most, {store.HeldBytes >> 20} MiB counted, longest pause {longest.TotalMilliseconds:F0} ms"
    );
    Console.WriteLine($"{Median(rates[1..4]):F0} requests a second at the beginning, {Median(rates[^3..]):F0} at the end");
}

// Of three tenths each, the first one left out: it warms up, and single ones are noisy.
static double Median(List<double> rates) => rates.Order().ElementAt(rates.Count / 2);

(MemoryStore, CacheEngine) Create(long maxBytes)
{
    var memory = new MemoryStore(new MemoryStoreOptions { MaxBytes = maxBytes });
    return (
        memory,
        new CacheEngine(memory, new CacheEngineOptions { Pseudonym = "bench" }, TimeProvider.System, NullLogger<CacheEngine>.Instance)
    );
}

IEnumerable<(string Name, int Length, Func<string, string[]> Fields)> Shapes() =>
    [
        ("1,024 bytes, seven fields", 1024, usual),
        ("100 bytes, two fields", 100, _ => [$"Date: {DateTimeOffset.UtcNow:R}", "Cache-Control: max-age=60"]),
        ("20,000 bytes, seven fields", 20_000, usual),
        (
            "1,024 bytes, tags and odd fields",
            1024,
            target => [.. usual(target), $"Cache-Tag: a, b, {target}", $"X-Request-Id: {target}{target}"]
        ),
    ];

async Task MeasureEntryAsync(string name, int length, Func<string, string[]> fields)
{
    // Enough to fill many slabs, each of which counts as a whole.
    var entries = 200_000_000 / (length + 300);
    var (memory, engine) = Create(1L << 30);
    var shape = FaceOf(length, fields);
    for (var i = 0; i < 1000; i++)
    {
        await ServeAsync(engine, shape, i);
    }

    var (heapBefore, countedBefore) = (GC.GetTotalMemory(forceFullCollection: true), memory.HeldBytes);
    for (var i = 1000; i < 1000 + entries; i++)
    {
        await ServeAsync(engine, shape, i);
    }

    var real = (GC.GetTotalMemory(forceFullCollection: true) - heapBefore) / (double)entries;
    var counted = (memory.HeldBytes - countedBefore) / (double)entries;
    Console.WriteLine(
        $"an entry of {name}: {real:F0} bytes of heap, {counted:F0} counted ({100 * (counted - real) / real:+0.0;-0.0} %), {real - length:F0} beside the content"
    );
    GC.KeepAlive(engine);
}

async Task MeasurePurgeAsync()
{
    const int entries = 100_000;
    var (_, engine) = Create(1L << 30);
    var tagged = FaceOf(100, _ => ["Cache-Control: max-age=3600", "Cache-Tag: a, b"]);
    for (var i = 0; i < entries; i++)
    {
        await ServeAsync(engine, tagged, i);
    }

    await engine.PurgeAsync(Purge.Tag("", "b-warm-up"));
    var began = Stopwatch.GetTimestamp();
    await engine.PurgeAsync(Purge.Tag("", "b"));
    var took = Stopwatch.GetElapsedTime(began);
    var hits = 0;
    for (var i = 0; i < entries; i++)
    {
        await using var result = await engine.ServeAsync(Some.Request(tagged, $"/products/{i}/with/a/path/of/some/length"), default);
        hits += result.CacheStatus.IsHit ? 1 : 0;
    }

    Console.WriteLine(
        $"purging a tag of {entries} entries: {took.TotalMicroseconds:F0} us; {hits} of the next requests for them were hits"
    );
}

CacheFace FaceOf(int length, Func<string, string[]> fields)
{
    var content = new byte[length];
    return Some.Face(
        new ScriptedOrigin(request => new OriginResponse(200, Some.Fields(fields(request.Key.Target)), new MemoryStream(content))
        {
            ContentLength = length,
        })
        {
            KeepsRequests = false,
        }
    );
}

async Task ServeAsync(CacheEngine target, CacheFace from, int number)
{
    await using var result = await target.ServeAsync(Some.Request(from, $"/products/{number}/with/a/path/of/some/length"), default);
    await result.Body.CopyToAsync(System.IO.Pipelines.PipeWriter.Create(Stream.Null), default);
}
