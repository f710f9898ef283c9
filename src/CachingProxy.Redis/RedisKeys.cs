using System.Security.Cryptography;
using System.Text;
using CachingProxy.Core.Keys;
using StackExchange.Redis;

namespace CachingProxy.Redis;

/// <summary>
/// The names of everything in Redis:
/// <code>
/// PREFIX e:HASH      hash: the entries of one URI; h:SERIAL the head, l:SERIAL the length, b:SERIAL the content if it is small
/// PREFIX c:SERIAL:N  string: a chunk of larger content
/// PREFIX u:HASH      string: the id of the last hard purge of the URI, for as long as an older fetch may last
/// PREFIX l:HASH      string: who fetches now
/// PREFIX epoch       string: which log of purges
/// PREFIX purges      stream: the log
/// PREFIX purged      channel: there is something new in it
/// </code>
/// </summary>
internal sealed class RedisKeys(string prefix)
{
    public RedisKey Epoch { get; } = prefix + "epoch";

    public RedisKey Purges { get; } = prefix + "purges";

    public RedisChannel Purged { get; } = new(prefix + "purged", RedisChannel.PatternMode.Literal);

    public RedisKey Entries(CacheKey key) => $"{prefix}e:{Hash(key.Authority, key.Target)}";

    public RedisKey PurgedUrl(CacheKey key) => $"{prefix}u:{Hash(key.Authority, key.Target)}";

    public RedisKey Chunk(long serial, int number) => $"{prefix}c:{serial:x}:{number}";

    public RedisKey Lease(CacheKey key, CachePartition partition) =>
        $"{prefix}l:{Hash(key.Authority, key.Target, partition.Face, partition.ClientScheme, partition.ClientHost, partition.Query ?? "")}";

    public static RedisValue Head(long serial) => $"h:{serial:x}";

    public static RedisValue Length(long serial) => $"l:{serial:x}";

    public static RedisValue Body(long serial) => $"b:{serial:x}";

    // Length-prefixed, so that no two lists of parts are the same text.
    private static string Hash(params string[] parts) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(parts.Select(part => $"{part.Length}:{part}"))))[..20]);
}
