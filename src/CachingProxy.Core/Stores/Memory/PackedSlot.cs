using CachingProxy.Core.Entries;
using CachingProxy.Core.Messages;

namespace CachingProxy.Core.Stores.Memory;

/// <summary>
/// The slot of an entry whose bytes are stored in a slab. A look-up makes an object from the bytes. The object is kept while the entry is
/// requested often. After the entry is removed, the slot is reused for another entry, so that the oldest generation of the garbage
/// collector has nothing to collect.
/// </summary>
/// <remarks>
/// A reader copies the bytes without a lock, and then checks whether these were moved or freed meanwhile. A writer holds the lock of the
/// shard. It makes the version odd before it touches this slot or its bytes, and even again when everything is in place. The reader throws
/// away a copy that was made in between. The bytes also have a checksum of their own, which covers the identity of the entry (its serial
/// and the seal of its template) as well: whatever goes wrong, no entry is given the content of another.
/// </remarks>
internal sealed class PackedSlot : MemorySlot
{
    /// <summary>The bytes that a packed entry takes in addition to those in the slab: the slot, and its share of the index.</summary>
    public const int BookkeepingBytes = 120;

    private HeadTemplate _template = null!;
    private long _serial;
    private int _length;
    private CacheEntry? _hot;
    private Slab? _slab;
    private int _offset;
    private int _version = 1;

    /// <inheritdoc/>
    public override long OwnBytes => BookkeepingBytes;

    /// <summary>The position of the kept object in <see cref="HotEntries"/>, which alone uses this number.</summary>
    public int HotPlace { get; set; }

    /// <summary>The slab that holds the bytes, and the number of bytes. The caller holds the lock of the shard.</summary>
    public (Slab Slab, int Bytes) Place => (_slab!, _length);

    /// <summary>The template of the head. The caller holds the lock of the shard.</summary>
    public HeadTemplate Template => _template;

    /// <summary>True if the slot keeps the entry as an object too.</summary>
    public bool IsHot => Volatile.Read(ref _hot) is not null;

    /// <summary>
    /// A number that changes when an entry takes or leaves the slot, and when the bytes are moved. Odd while readers must not trust the
    /// bytes.
    /// </summary>
    public int Version => Volatile.Read(ref _version);

    /// <inheritdoc/>
    public override CacheEntry? Load()
    {
        for (var spin = default(SpinWait); ; spin.SpinOnce())
        {
            var version = Version;
            if (Volatile.Read(ref _hot) is { } hot)
            {
                return hot;
            }

            if (_slab is not { } slab)
            {
                return null;
            }

            if ((version & 1) == 0 && Copy(slab.Bytes, _offset, _length) is { } copy)
            {
                var (template, serial) = (_template, _serial);
                Interlocked.MemoryBarrier();
                if (Version == version)
                {
                    return Segment.TryRead(copy, serial, template.Seal, out var head, out var content)
                        ? template.Read(head.Span, serial, ResponseBody.InMemory(content))
                        : null;
                }
            }
        }
    }

    /// <inheritdoc/>
    public override CacheEntry LoadHead() =>
        _hot
        ?? _template.Read(
            Segment.HeadOf((_slab ?? throw new InvalidOperationException("The slot holds no entry.")).Bytes.AsSpan(_offset, _length)),
            _serial,
            ResponseBody.Empty
        );

    /// <summary>Gives the slot, which is new or free, to an entry whose bytes are already in the slab.</summary>
    public void Enter(PackedEntry entry, Slab slab, int offset)
    {
        Begin(entry.Segment.Length + BookkeepingBytes, entry.Hash);
        (_template, _serial, _length) = (entry.Template, entry.Serial, entry.Segment.Length);
        (_slab, _offset) = (slab, offset);
        Interlocked.Increment(ref _version);
    }

    /// <inheritdoc/>
    public override void Leave()
    {
        BeginMove();
        (_slab, _template) = (null, null!);
        Volatile.Write(ref _hot, null);
    }

    /// <summary>Tells whether the bytes of the slot are in a slab at an offset.</summary>
    public bool IsAt(Slab slab, int offset) => ReferenceEquals(_slab, slab) && _offset == offset;

    /// <summary>Marks that the bytes of the slot are about to be moved; readers do not trust them meanwhile.</summary>
    public void BeginMove() => Interlocked.Increment(ref _version);

    /// <summary>Marks the move as finished; readers may trust the bytes again.</summary>
    public void EndMove(Slab slab, int offset)
    {
        (_slab, _offset) = (slab, offset);
        Interlocked.Increment(ref _version);
    }

    /// <summary>Keeps the entry as an object; null drops the object.</summary>
    public void Keep(CacheEntry? hot) => Volatile.Write(ref _hot, hot);

    // A reader may see the place of one entry with the length of another; the check of the version then rejects the copy.
    private static byte[]? Copy(byte[] slab, int offset, int length) =>
        offset + length <= slab.Length ? slab.AsSpan(offset, length).ToArray() : null;
}
