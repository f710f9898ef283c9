using CachingProxy.Core.Entries;
using CachingProxy.Core.Messages;

namespace CachingProxy.Core.Stores.Memory;

/// <summary>An entry as bytes, on its way into a slab.</summary>
/// <param name="Template">The template of its head.</param>
/// <param name="Hash">The hash of its key.</param>
/// <param name="Serial">The serial of the entry.</param>
/// <param name="Segment">The rest of its head, and its content.</param>
internal sealed record PackedEntry(HeadTemplate Template, int Hash, long Serial, byte[] Segment)
{
    // Limits the memory of a template, which perhaps no other entry will use.
    private const int MaxHeadBytes = 4096;

    /// <summary>
    /// Packs an entry into bytes. Returns null where its kind is rare, its head very large, or its segment longer than <paramref
    /// name="maxBytes"/>.
    /// </summary>
    public static PackedEntry? Of(CacheEntry entry, HeadTemplates templates, int maxBytes)
    {
        if (
            entry.Body is not StoredBody content
            || content.Length > maxBytes
            || ObjectSlot.SizeOf(entry) > MaxHeadBytes
            || templates.For(entry) is not { } template
        )
        {
            return null;
        }

        var head = template.Write(entry);
        var hash = entry.Key.GetHashCode();
        return Memory.Segment.LengthOf(head.Length, content.Length!.Value) > maxBytes
            ? null
            : new PackedEntry(template, hash, entry.Serial, Memory.Segment.Write(hash, entry.Serial, template.Seal, head, content));
    }
}
