using System.Diagnostics.Metrics;
using CachingProxy.Core;
using CachingProxy.Core.Stores;
using CachingProxy.Core.Stores.Memory;
using CachingProxy.Core.Telemetry;
using CachingProxy.Redis;
using CachingProxy.Serving;
using CachingProxy.Sqlite;
using Microsoft.Extensions.DependencyInjection;

namespace CachingProxy.Telemetry;

/// <summary>Connects the instruments that are read on demand with the parts that know the numbers.</summary>
internal static class MetricSources
{
    /// <summary>Connects the engine and its tiers.</summary>
    public static void Attach(CacheMetrics metrics, CacheEngine engine, MemoryStore memory, ISecondTier? second)
    {
        AttachTiers(metrics, memory, second);
        metrics.Observe(Instruments.ActiveFills, () => engine.RunningFills);
        metrics.Observe(Instruments.WaitingRequests, () => engine.WaitingRequests);
        metrics.Observe(Instruments.HitsForMiss, () => engine.HitsForMiss);
        metrics.Observe(Instruments.GrowingBytes, () => engine.GrowingBytes);
        metrics.Observe(Instruments.ReadersCutOff, () => engine.ReadersCutOff);
        metrics.Observe(Instruments.StoreEvictions, () => [Of(memory.Evictions, "tier", "memory")]);
    }

    private static void AttachTiers(CacheMetrics metrics, MemoryStore memory, ISecondTier? second)
    {
        var tier = second switch
        {
            SqliteStore => "sqlite",
            RedisStore => "redis",
            _ => "second",
        };
        metrics.Observe(
            Instruments.StoreBytes,
            () =>
                second is SqliteStore file
                    ? [Of(memory.HeldBytes, "tier", "memory"), Of(file.HeldBytes, "tier", tier)]
                    : [Of(memory.HeldBytes, "tier", "memory")]
        );
        metrics.Observe(Instruments.StoreEntries, () => [Of(memory.Count, "tier", "memory")]);
        if (second is null)
        {
            return;
        }

        metrics.Observe(Instruments.StoreAvailable, () => [Of(second.IsAvailable ? 1 : 0, "tier", tier)]);
        metrics.Observe(Instruments.StoreFailures, () => [Of(FailuresOf(second), "tier", tier)]);
        metrics.Observe(Instruments.StoreDroppedWrites, () => [Of(DroppedBy(second), "tier", tier)]);
    }

    /// <summary>Connects the origins.</summary>
    public static void Attach(CacheMetrics metrics, OriginFactory origins)
    {
        metrics.Observe(Instruments.OriginRetries, () => origins.Retries);
        metrics.Observe(Instruments.OriginsHeldDown, () => origins.Availability.HeldDown);
        metrics.Observe(Instruments.OriginRefusals, () => origins.Slots.Refused + origins.Quota.Refused);
        metrics.Observe(Instruments.OriginQueue, () => origins.Slots.Waiting + origins.Quota.Waiting);
    }

    /// <summary>Connects the listener.</summary>
    public static void Attach(CacheMetrics metrics, IServiceProvider services, RequestPipeline pipeline, SlowClients clients)
    {
        var connections = services.GetRequiredService<ConnectionLimit>();
        var malformed = services.GetRequiredService<MalformedRequests>();
        metrics.Observe(Instruments.ActiveRequests, () => pipeline.InFlight);
        metrics.Observe(
            Instruments.Connections,
            () => connections.Counts is var (idle, busy) ? [Of(idle, "state", "idle"), Of(busy, "state", "busy")] : []
        );
        metrics.Observe(Instruments.ConnectionsShed, () => connections.Shed);
        var refused = services.GetRequiredService<ClientConnections>();
        metrics.Observe(Instruments.ConnectionsRefused, () => refused.Refused);
        metrics.Observe(Instruments.ClientsCut, () => clients.Cut);
        metrics.Observe(Instruments.MalformedRequests, () => malformed.Refused);
        metrics.Observe(Instruments.Descriptors, () => DescriptorLimit.Open is { } open ? [new Measurement<long>(open)] : []);
    }

    private static Measurement<long> Of(long value, string label, string name) =>
        new(value, new KeyValuePair<string, object?>(label, name));

    private static long FailuresOf(ISecondTier tier) =>
        tier switch
        {
            SqliteStore file => file.ReadFailures + file.DamagedRows,
            RedisStore redis => redis.Refused + redis.Damaged,
            _ => 0,
        };

    private static long DroppedBy(ISecondTier tier) =>
        tier switch
        {
            SqliteStore file => file.Dropped,
            RedisStore redis => redis.Dropped,
            _ => 0,
        };
}
