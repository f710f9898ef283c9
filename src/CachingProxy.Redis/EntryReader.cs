using CachingProxy.Core.Entries;
using CachingProxy.Core.Keys;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Stores;

namespace CachingProxy.Redis;

/// <summary>Reads an entry from the fields that Redis keeps of it.</summary>
internal static class EntryReader
{
    /// <summary>Returns the entry, or the reason why it cannot be used. Content in chunks is not read yet.</summary>
    /// <param name="store">The store that reads the chunks.</param>
    /// <param name="key">The URI that the entry must be for.</param>
    /// <param name="serial">The serial of the entry, in hexadecimal, from the name of its field in Redis.</param>
    /// <param name="head">The stored head; null where there is none.</param>
    /// <param name="content">The stored content where it is small; null where there is none.</param>
    public static (CacheEntry? Entry, string Fault) Read(RedisStore store, CacheKey key, string serial, byte[]? head, byte[]? content)
    {
        if (head is null || EntryFormat.Read(head) is not { } stored)
        {
            return (null, "its head cannot be read");
        }

        var (entry, length) = stored;
        if (entry.Key != key || RedisKeys.Head(entry.Serial) != "h:" + serial)
        {
            return (null, "it belongs to another entry");
        }

        if (length > RedisStore.ChunkBytes)
        {
            return length <= RedisStore.MaxContentBytes
                ? (entry with { Body = new RedisBody(store, key, entry.Serial, length) }, "")
                : (null, "it is longer than the limit");
        }

        return SealedContent.Open(entry.Serial, -1, content) is { } body && body.Length == length
            ? (entry with { Body = ResponseBody.InMemory(body) }, "")
            : (null, "its content is damaged");
    }
}
