using CachingProxy.HitRate.Policies;

namespace CachingProxy.HitRate;

internal delegate IEvictionPolicy Make(long maxBytes, Workload workload);

internal static class Catalog
{
    public static (string Name, Make Make)[] Policies { get; } =
    [
        ("Fifo", (max, _) => new Fifo(max)),
        ("Lru", (max, _) => new Lru(max)),
        ("Store", (max, _) => new OfTheStore(max)),
        S3("S3-small1", new() { Small = 0.01, ForgetsReturned = true }),
        S3("S3-small20", new() { Small = 0.2, ForgetsReturned = true }),
        S3("S3-ghosts-stay", new()),
        S3(
            "S3-paper",
            new()
            {
                UsesToPromote = 2,
                ForgetsReturned = true,
                ResetsOnPromotion = true,
            }
        ),
        S3("S3-large-pays", new() { ForgetsReturned = true, LargePaysMore = true }),
        Lfu("WT-AV", new()),
        Lfu("WT-AV-w5", new() { Window = 0.05 }),
        Lfu("WT-AV-w10", new() { Window = 0.1 }),
        Lfu("WT-AV-w20", new() { Window = 0.2 }),
        Lfu("WT-1by1", new() { Victims = VictimRule.OneByOne }),
        Lfu("WT-AV-climb", new() { Adapts = true }),
        Lfu("WT-1by1-climb", new() { Victims = VictimRule.OneByOne, Adapts = true }),
        ("Belady", (max, workload) => new Belady(max, workload, bySize: false)),
        ("BeladySize", (max, workload) => new Belady(max, workload, bySize: true)),
    ];

    private static (string Name, Make Make) S3(string name, S3FifoOptions options) => (name, (max, _) => new S3Fifo(max, options));

    private static (string Name, Make Make) Lfu(string name, WTinyLfuOptions options) => (name, (max, _) => new WTinyLfu(max, options));
}
