using System.Net;

namespace CachingProxy.Redis;

/// <summary>The settings of the store in Redis: where Redis is, and the limits of time and size.</summary>
public sealed class RedisStoreOptions
{
    /// <summary>
    /// The server, by name or address, and port. For a cluster, one or several of its nodes. These nodes name the other nodes.
    /// </summary>
    public required IReadOnlyList<DnsEndPoint> Servers
    {
        get;
        init
        {
            ArgumentNullException.ThrowIfNull(value);
            field = value.Count > 0 ? value : throw new ArgumentException("At least one server is needed.", nameof(value));
        }
    }

    /// <summary>The user (ACL of Redis 6); null for the default user of the server.</summary>
    public string? User { get; init; }

    /// <summary>The password; none by default. Never shown.</summary>
    public string? Password { get; init; }

    /// <summary>The number of the database: 0 by default. A cluster has only database 0.</summary>
    public int Database
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            field = value;
        }
    }

    /// <summary>Tells whether the connection is encrypted, and the certificate checked against the server's name. Off by default.</summary>
    public bool UseTls { get; init; }

    /// <summary>The beginning of all keys: <c>caching-proxy:</c> by default. Nodes that share a cache have the same prefix.</summary>
    public string KeyPrefix
    {
        get;
        init
        {
            ArgumentException.ThrowIfNullOrEmpty(value);
            field = value;
        }
    } = "caching-proxy:";

    /// <summary>
    /// The time that a request waits for Redis: 50 milliseconds by default. After that, the request goes on without Redis, which is a miss.
    /// </summary>
    public TimeSpan Timeout
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(value, TimeSpan.Zero);
            field = value;
        }
    } = TimeSpan.FromMilliseconds(50);

    /// <summary>
    /// The time that a purge waits for Redis: 1 second by default. After that, the purge applies only to this node, and is sent to the
    /// other nodes later.
    /// </summary>
    public TimeSpan PurgeTimeout
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(value, TimeSpan.Zero);
            field = value;
        }
    } = TimeSpan.FromSeconds(1);

    /// <summary>The longest time that a lease lasts: 10 seconds by default. After that, another node may fetch the same response.</summary>
    public TimeSpan LeaseTime
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(value, TimeSpan.Zero);
            field = value;
        }
    } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// The largest number of bytes that may wait to be written to Redis: 16 MiB by default. Data beyond this limit is counted and not
    /// written.
    /// </summary>
    public long MaxPendingBytes
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value);
            field = value;
        }
    } = 16L << 20;

    /// <summary>The largest number of purges that are kept for nodes that were cut off: 100,000 by default.</summary>
    public int MaxPurges
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value);
            field = value;
        }
    } = 100_000;

    /// <summary>
    /// The time that an entry is kept after it is no longer worth keeping by itself, because a policy permits serving it stale: 0 by
    /// default, 0 or more.
    /// </summary>
    public TimeSpan StaleRetention
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, TimeSpan.Zero);
            field = value;
        }
    }
}
