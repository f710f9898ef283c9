using System.Globalization;
using CachingProxy.TestKit;

namespace CachingProxy.Tests.Soak;

/// <summary>
/// Mixed traffic on two nodes that share a Redis and a third with a file, while each thing they depend on fails in turn. An hour with <c>./test --soak</c>,
/// half a minute otherwise. Writes the measurements to <c>artifacts/soak.csv</c> and <c>artifacts/soak-live.csv</c>.
/// </summary>
public class SoakTests
{
    private static readonly TimeSpan Duration =
        Environment.GetEnvironmentVariable("SOAK_TESTS") == "1" ? TimeSpan.FromHours(1) : TimeSpan.FromSeconds(30);

    // What is measured before is the warming up.
    private static readonly TimeSpan WarmUp = TimeSpan.FromMinutes(10);

    private const int FaultCount = 7;
    private static readonly TimeSpan FaultTurn = TimeSpan.FromSeconds(25);

    // As in a container. Without a limit the collector of .NET takes what the machine has before it looks for what is free, and growth could not be told from that.
    private const long HeapBytes = 128 << 20;

    // Code, stacks, buffers of the kernel's and what the collector keeps: what a node takes of the machine on top of its heap.
    private const long BytesBesidesHeap = 150 << 20;

    private static readonly int Clients = Duration > WarmUp ? 200 : 40;
    private static readonly int IdleClients = Duration > WarmUp ? 2000 : 200;

    private readonly List<(TimeSpan At, double Value)> _handles = [];
    private readonly List<(TimeSpan At, double Value)> _liveMebibytes = [];
    private long _mostResidentBytes;

    [Fact]
    public async Task M27_MixedTrafficWithFaultsInTurn_BringsNoWrongByte_NoErrorOutsideAFault_AndNoGrowth()
    {
        Assert.SkipWhen(RedisServer.Missing is not null, RedisServer.Missing ?? "");
        using var folder = new TemporaryFolder();
        await using var origin = new SoakOrigin();
        using var redis = await RedisServer.StartAsync("--maxmemory", "200mb", "--maxmemory-policy", "allkeys-lru");
        string[] common = ["--origin", $"http://127.0.0.1:{origin.Port}", "--max-memory", "24MB", "--client-timeout", "30s"];
        using var first = await ProxyProcess.StartInHeapAsync(HeapBytes, [.. common, "--store", $"redis://127.0.0.1:{redis.Port}"]);
        using var second = await ProxyProcess.StartInHeapAsync(HeapBytes, [.. common, "--store", $"redis://127.0.0.1:{redis.Port}"]);
        using var third = await ProxyProcess.StartInHeapAsync(
            HeapBytes,
            [.. common, "--store", $"sqlite:{Path.Combine(folder.Path, "cache.db")}", "--max-disk", "64MB"]
        );
        var traffic = new SoakTraffic(origin, [first, second, third]);
        using var stop = new CancellationTokenSource();
        var clients = Enumerable
            .Range(0, Clients)
            .Select(number => Task.Run(() => traffic.AskAsync(number, stop.Token)))
            .Concat(Enumerable.Range(0, IdleClients).Select(number => traffic.IdleAsync(number, stop.Token)))
            .ToList();
        var measuring = MeasureAsync([first, second, third], traffic, stop.Token);
        var measuringLive = MeasureLiveAsync([first, second, third], stop.Token);

        await FailInTurnAsync(origin, redis, third, traffic);
        await stop.CancelAsync();
        await Task.WhenAll(clients);
        await measuring;
        await measuringLive;

        var findings = string.Join('\n', traffic.Findings);
        Assert.True(
            traffic.Wrong + traffic.Stale + traffic.Errors == 0,
            $"{traffic.Wrong} wrong, {traffic.Stale} stale, {traffic.Errors} errors of {traffic.Requests}:\n{findings}"
        );
        Assert.True(traffic.Requests > 1000 && traffic.Purges > 0, $"{traffic.Requests} requests and {traffic.Purges} purges are no load.");
        Assert.True(_mostResidentBytes < HeapBytes + BytesBesidesHeap, $"A node took {_mostResidentBytes >> 20} MiB of the machine.");
        Assert.All(_liveMebibytes, sample => Assert.InRange(sample.Value, 3, 3 * (HeapBytes >> 20)));
        if (Duration > WarmUp)
        {
            // The median of each round of faults: what a node holds while Redis is away comes and goes with it.
            var (growth, error) = Slope(Medians(_liveMebibytes, FaultTurn * FaultCount));
            Assert.True(
                growth - 2 * error < 1,
                $"The live objects of the nodes together grow by {growth:F2} MiB an hour, give or take {2 * error:F2}."
            );
            Assert.True(error < 3, $"The growth is known to {2 * error:F2} MiB an hour only.");
            var handles = Slope(_handles).AnHour;
            Assert.True(handles < 30, $"The nodes together take {handles:F0} handles more an hour.");
        }
    }

    // What a fault leaves behind, such as an origin that is left alone for a moment, may be felt for a while after it.
    private static async Task FailInTurnAsync(SoakOrigin origin, RedisServer redis, ProxyProcess withFile, SoakTraffic traffic)
    {
        (bool IsFelt, Func<Task> Begin, Func<Task> End)[] faults =
        [
            (true, () => Origin(SoakFault.Refuse), () => Origin(SoakFault.None)),
            (false, () => Do(redis.Stop), () => Do(redis.Continue)),
            (true, () => Origin(SoakFault.Stall), () => Origin(SoakFault.None)),
            (false, () => Do(redis.Kill), redis.RestartAsync),
            (true, () => Origin(SoakFault.Reset), () => Origin(SoakFault.None)),
            (false, () => withFile.LimitFilesAsync(4096), () => withFile.LimitFilesAsync(null)),
            (true, () => Origin(SoakFault.Truncate), () => Origin(SoakFault.None)),
        ];
        var (turn, fault) = Duration > WarmUp ? (FaultTurn, 0.4) : (Duration / FaultCount, 0.2);
        var began = TimeProvider.System.GetTimestamp();
        for (var i = 0; TimeProvider.System.GetElapsedTime(began) < Duration; i++)
        {
            var (isFelt, begin, end) = faults[i % faults.Length];
            traffic.MayFail = isFelt;
            await begin();
            await Task.Delay(turn * fault);
            await end();
            await Task.Delay(turn * (0.8 - fault));
            traffic.MayFail = false;
            await Task.Delay(turn * 0.2);
        }

        Task Origin(SoakFault fault) => Do(() => origin.Begin(fault));
        static Task Do(Action what)
        {
            what();
            return Task.CompletedTask;
        }
    }

    private async Task MeasureAsync(ProxyProcess[] nodes, SoakTraffic traffic, CancellationToken stop)
    {
        var began = TimeProvider.System.GetTimestamp();
        await using var file = new StreamWriter(Path.Combine(Repository.Root, "artifacts", "soak.csv"));
        await file.WriteLineAsync("seconds,requests,wrong,stale,errors,purges,mib_1,mib_2,mib_3,handles_1,handles_2,handles_3");
        while (!stop.IsCancellationRequested)
        {
            var (bytes, handles) = (nodes.Select(node => node.ResidentBytes).ToArray(), nodes.Select(node => node.Handles).ToArray());
            var at = TimeProvider.System.GetElapsedTime(began);
            _mostResidentBytes = Math.Max(_mostResidentBytes, bytes.Max());
            _handles.Add((at, handles.Sum()));
            await file.WriteLineAsync(
                string.Join(
                    ',',
                    ((object[])[(int)at.TotalSeconds, traffic.Requests, traffic.Wrong, traffic.Stale, traffic.Errors, traffic.Purges])
                        .Concat(bytes.Select(count => (object)(count >> 20)))
                        .Concat(handles.Cast<object>())
                        .Select(value => Convert.ToString(value, CultureInfo.InvariantCulture))
                )
            );
            await file.FlushAsync(CancellationToken.None);
            await Task.Delay(TimeSpan.FromSeconds(2), CancellationToken.None);
        }
    }

    // Seldom enough that the collector's own pace stays what it is.
    private async Task MeasureLiveAsync(ProxyProcess[] nodes, CancellationToken stop)
    {
        var began = TimeProvider.System.GetTimestamp();
        await using var file = new StreamWriter(Path.Combine(Repository.Root, "artifacts", "soak-live.csv"));
        await file.WriteLineAsync("seconds,live_mib_1,live_mib_2,live_mib_3");
        while (!stop.IsCancellationRequested)
        {
            List<double> live = [];
            foreach (var node in nodes)
            {
                live.Add(await node.MeasureLiveBytesAsync() / 1048576d);
            }

            var at = TimeProvider.System.GetElapsedTime(began);
            _liveMebibytes.Add((at, live.Sum()));
            await file.WriteLineAsync(
                string.Create(CultureInfo.InvariantCulture, $"{(int)at.TotalSeconds},{live[0]:F1},{live[1]:F1},{live[2]:F1}")
            );
            await file.FlushAsync(CancellationToken.None);
            await Task.Delay(Duration / 180, CancellationToken.None);
        }
    }

    private static List<(TimeSpan At, double Value)> Medians(List<(TimeSpan At, double Value)> samples, TimeSpan period) =>
        [
            .. samples
                .GroupBy(sample => (int)(sample.At / period))
                .Select(group => (group.Key * period, group.Select(sample => sample.Value).Order().ElementAt(group.Count() / 2))),
        ];

    // By least squares over what came after the warming up: the growth an hour, and its standard error.
    private static (double AnHour, double Error) Slope(List<(TimeSpan At, double Value)> samples)
    {
        var late = samples.Where(sample => sample.At > WarmUp).Select(sample => (Hours: sample.At.TotalHours, sample.Value)).ToList();
        var (hours, value) = (late.Average(sample => sample.Hours), late.Average(sample => sample.Value));
        var spread = late.Sum(sample => Math.Pow(sample.Hours - hours, 2));
        var slope = late.Sum(sample => (sample.Hours - hours) * (sample.Value - value)) / spread;
        var residue = late.Sum(sample => Math.Pow(sample.Value - value - slope * (sample.Hours - hours), 2)) / (late.Count - 2);
        return (slope, Math.Sqrt(residue / spread));
    }
}
