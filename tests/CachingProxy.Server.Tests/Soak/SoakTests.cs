using System.Globalization;
using CachingProxy.TestKit;

namespace CachingProxy.Server.Tests.Soak;

/// <summary>
/// Mixed traffic on two nodes that share a Redis and a third with a file, while each thing they depend on fails in turn. An hour with <c>./test --soak</c>,
/// half a minute otherwise. The measurements are written to <c>artifacts/soak.csv</c>.
/// </summary>
public class SoakTests
{
    private static readonly TimeSpan Duration = Environment.GetEnvironmentVariable("SOAK_TESTS") == "1" ? TimeSpan.FromHours(1) : TimeSpan.FromSeconds(30);

    // What is measured before is the warming up.
    private static readonly TimeSpan WarmUp = TimeSpan.FromMinutes(10);

    // As in a container. Without a limit the collector of .NET takes what the machine has before it looks for what is free, and growth could not be told from that.
    private const long HeapBytes = 128 << 20;

    private static readonly int Clients = Duration > WarmUp ? 200 : 40;
    private static readonly int IdleClients = Duration > WarmUp ? 2000 : 200;

    private readonly List<(TimeSpan At, long Bytes, int Handles)> _measured = [];

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
        using var third = await ProxyProcess.StartInHeapAsync(HeapBytes, [.. common, "--store", $"sqlite:{Path.Combine(folder.Path, "cache.db")}", "--max-disk", "64MB"]);
        var traffic = new SoakTraffic(origin, [first, second, third]);
        using var stop = new CancellationTokenSource();
        var clients = Enumerable.Range(0, Clients).Select(number => Task.Run(() => traffic.AskAsync(number, stop.Token)))
            .Concat(Enumerable.Range(0, IdleClients).Select(number => traffic.IdleAsync(number, stop.Token))).ToList();
        var measuring = MeasureAsync([first, second, third], traffic, stop.Token);

        await FailInTurnAsync(origin, redis, third, traffic);
        await stop.CancelAsync();
        await Task.WhenAll(clients);
        await measuring;

        var findings = string.Join('\n', traffic.Findings);
        Assert.True(traffic.Wrong + traffic.Stale + traffic.Errors == 0, $"{traffic.Wrong} wrong, {traffic.Stale} stale, {traffic.Errors} errors of {traffic.Requests}:\n{findings}");
        Assert.True(traffic.Requests > 1000 && traffic.Purges > 0, $"{traffic.Requests} requests and {traffic.Purges} purges are no load.");
        if (Duration > WarmUp)
        {
            var late = _measured.Where(sample => sample.At > WarmUp).ToList();
            // The least of each minute: what lies between two collections comes and goes.
            var troughs = late.GroupBy(sample => (int)sample.At.TotalMinutes).Select(minute => minute.MinBy(sample => sample.Bytes)).ToList();
            var growth = Slope(troughs, sample => sample.Bytes / 1048576d);
            Assert.True(growth < 1, $"The nodes together grow by {growth:F2} MiB an hour.");
            var handles = Slope(late, sample => sample.Handles);
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
        var (turn, fault) = Duration > WarmUp ? (TimeSpan.FromSeconds(25), 0.4) : (Duration / faults.Length, 0.2);
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
            _measured.Add((at, bytes.Sum(), handles.Sum()));
            await file.WriteLineAsync(string.Join(',', ((object[])[(int)at.TotalSeconds, traffic.Requests, traffic.Wrong, traffic.Stale, traffic.Errors, traffic.Purges])
                .Concat(bytes.Select(count => (object)(count >> 20))).Concat(handles.Cast<object>()).Select(value => Convert.ToString(value, CultureInfo.InvariantCulture))));
            await file.FlushAsync(CancellationToken.None);
            await Task.Delay(TimeSpan.FromSeconds(2), CancellationToken.None);
        }
    }

    // By least squares, an hour.
    private static double Slope(List<(TimeSpan At, long Bytes, int Handles)> samples, Func<(TimeSpan At, long Bytes, int Handles), double> value)
    {
        var (hours, values) = (samples.Average(sample => sample.At.TotalHours), samples.Average(value));
        return samples.Sum(sample => (sample.At.TotalHours - hours) * (value(sample) - values)) / samples.Sum(sample => Math.Pow(sample.At.TotalHours - hours, 2));
    }
}
