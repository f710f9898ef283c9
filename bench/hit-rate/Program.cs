// Which eviction keeps what is asked for again: the store's own beside others, and the best that anybody could do who knew the future.
//   dotnet run -c Release --project bench/hit-rate -- TRACES [POLICY,...]        (the folder of the traces; all policies by default)
// Prints markdown: hits in percent of the requests, and in percent of the bytes, at several shares of all that is ever asked for.
using System.Globalization;
using CachingProxy.HitRate;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
if (args.Length == 0)
{
    Console.Error.WriteLine("hit-rate: give the folder of the traces (web07.trace.gz, cdn-request.trace.gz)");
    return 2;
}

var policies = Catalog.Policies.Where(policy => args.Length < 2 || args[1].Split(',').Contains(policy.Name)).ToArray();
Console.WriteLine($"| workload | share | {string.Join(" | ", policies.Select(policy => policy.Name))} |");
Console.WriteLine($"| --- | --- | {string.Join(" | ", policies.Select(_ => "---"))} |");
foreach (var workload in Workload.All(args[0]))
{
    foreach (var share in workload.Shares)
    {
        var cells = policies.Select(policy => Measure(workload, policy.Make((long)(workload.Footprint * share), workload)));
        Console.WriteLine($"| {workload.Name} | {share:P1} | {string.Join(" | ", cells)} |");
    }
}

return 0;

static string Measure(Workload workload, IEvictionPolicy policy)
{
    var (hits, hitBytes, bytes) = (0, 0L, 0L);
    foreach (var key in workload.Keys)
    {
        var size = workload.Sizes[key];
        bytes += size;
        if (policy.Access(key, size))
        {
            hits++;
            hitBytes += size;
        }
    }

    return $"{100.0 * hits / workload.Keys.Length:F2} / {100.0 * hitBytes / bytes:F2}";
}
