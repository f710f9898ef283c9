namespace CachingProxy.Core.Stores.Memory;

/// <summary>
/// A block of memory that holds segments one after another. Some of them belong to entries that are no longer stored.
/// </summary>
internal sealed class Slab(int bytes)
{
    /// <summary>The memory.</summary>
    public byte[] Bytes { get; } = GC.AllocateUninitializedArray<byte>(bytes);

    /// <summary>The bytes of the slab that segments take.</summary>
    public int UsedBytes { get; set; }

    /// <summary>The part of these bytes that stored entries take.</summary>
    public int LiveBytes { get; set; }

    public int FreeBytes => Bytes.Length - UsedBytes;
}
