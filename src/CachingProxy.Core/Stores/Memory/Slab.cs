namespace CachingProxy.Core.Stores.Memory;

/// <summary>
/// A stretch of memory that holds segments one after another, of entries that are stored and of some that are not any more.
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
