using System.Security.Cryptography;
using System.Text;
using CachingProxy.Core.Keys;
using StackExchange.Redis;

namespace CachingProxy.Redis;

/// <summary>
/// The names of the keys and of the channel in Redis. The part in braces decides the slot in a cluster. All keys of one URI are in one
/// slot, so that a script can work on them; those of the log of purges are in another. <code> PREFIX e:{HASH}            hash: the entries
/// of one URI; h:SERIAL the head, b:SERIAL the content if it is small, and its checksum PREFIX c:{HASH}:SERIAL:N   string: a chunk of
/// larger content, and its checksum PREFIX u:{HASH}            string: epoch and id of the last hard purge of the URI; kept while a fetch
/// from before it may run PREFIX l:{HASH}:PART       string: the token of the node that fetches now PREFIX r:{HASH}            sorted set:
/// the moments of the last requests of a key with a rate limit PREFIX r:{HASH}:hold       string: the key is held, for as long as this
/// lasts PREFIX {log}:epoch         string: the epoch of the log of purges PREFIX {log}:purges        stream: the log PREFIX {log}:open
/// hash: the hard purges of URLs whose entries may not have been removed yet PREFIX {log}:secret        string: the secret that all nodes
/// share PREFIX {log}:purged        channel: there is something new in the log
/// </code>
/// </summary>
internal sealed class RedisKeys(string prefix)
{
    public RedisKey Epoch { get; } = prefix + "{log}:epoch";

    /// <summary>The key in which an earlier version kept the epoch of its cache. The entries of that cache are not read any more.</summary>
    public RedisKey EarlierEpoch { get; } = prefix + "epoch";

    public RedisKey Purges { get; } = prefix + "{log}:purges";

    public RedisKey Open { get; } = prefix + "{log}:open";

    public RedisKey Secret { get; } = prefix + "{log}:secret";

    public RedisChannel Purged { get; } = new(prefix + "{log}:purged", RedisChannel.PatternMode.Literal);

    public RedisKey Entries(CacheKey key) => $"{prefix}e:{{{Hash(key)}}}";

    public RedisKey Rate(string key) => $"{prefix}r:{{{Hash(key)}}}";

    public RedisKey Hold(string key) => $"{prefix}r:{{{Hash(key)}}}:hold";

    public RedisKey PurgedUrl(CacheKey key) => $"{prefix}u:{{{Hash(key)}}}";

    public RedisKey Chunk(CacheKey key, long serial, int number) => $"{prefix}c:{{{Hash(key)}}}:{serial:x}:{number}";

    public RedisKey Lease(CacheKey key, CachePartition partition) =>
        $"{prefix}l:{{{Hash(key)}}}:{Hash(partition.Face, partition.ClientScheme, partition.ClientHost, partition.Query ?? "")}";

    public static RedisValue Head(long serial) => $"h:{serial:x}";

    public static RedisValue Body(long serial) => $"b:{serial:x}";

    private static string Hash(CacheKey key) => Hash(key.Authority, key.Target);

    // Prefixes each part with its length, so that no two lists of parts give the same text.
    private static string Hash(params string[] parts) =>
        Convert.ToHexStringLower(
            SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(parts.Select(part => $"{part.Length}:{part}"))))[..20]
        );
}
