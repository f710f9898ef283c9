using System.Collections.Concurrent;
using System.Net;
using StackExchange.Redis;

namespace CachingProxy.Redis;

/// <summary>The servers of Redis, found by key: the only server, or one of a cluster. Safe for any number of threads.</summary>
/// <param name="database">The database that is configured.</param>
/// <param name="time">The clock.</param>
internal sealed class RedisShards(int database, TimeProvider time)
{
    private readonly RedisShard _single = new(null);
    private readonly ConcurrentDictionary<EndPoint, RedisShard> _shards = new();
    private volatile ClusterConfiguration? _cluster;

    /// <summary>Returns the server that has a key.</summary>
    public RedisShard Of(RedisKey key) =>
        _cluster is { } cluster && cluster.GetBySlot(key)?.EndPoint is { } server
            ? _shards.GetOrAdd(server, found => new RedisShard(found))
            : _single;

    /// <summary>Learns which server of a cluster has which keys, if there is a cluster.</summary>
    /// <exception cref="RefusedServerException">A cluster has no database of the number that is configured.</exception>
    public void Learn(ConnectionMultiplexer multiplexer)
    {
        var cluster = Array
            .Find(multiplexer.GetServers(), server => server is { IsConnected: true, ServerType: ServerType.Cluster })
            ?.ClusterConfiguration;
        if (cluster is not null && database != 0)
        {
            throw new RefusedServerException(
                $"it is a cluster, which has the database 0 alone, and {database} is configured; leave the number out"
            );
        }

        _cluster = cluster ?? _cluster;
    }

    /// <summary>Forgets the cluster: another one may be there next time.</summary>
    public void Forget() => _cluster = null;

    /// <summary>
    /// Asks the failed servers of a cluster whether they are back. The connection itself asks the server of the log.
    /// </summary>
    public async Task ProbeAsync(ConnectionMultiplexer multiplexer, TimeSpan timeout, CancellationToken cancellation)
    {
        foreach (var shard in _shards.Values.Where(shard => shard.IsDown))
        {
            try
            {
                await multiplexer.GetServer(shard.Server!).PingAsync().WaitAsync(timeout, time, cancellation);
                shard.OnFound();
            }
            catch (Exception failure) when (RedisClient.IsFailure(failure) || failure is ArgumentException)
            {
                // The server is probed again, as long as it is part of the cluster.
                if (_cluster?.Nodes.Any(node => Equals(node.EndPoint, shard.Server)) == false)
                {
                    _shards.TryRemove(shard.Server!, out _);
                }
            }
        }
    }
}
