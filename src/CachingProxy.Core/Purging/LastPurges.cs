namespace CachingProxy.Core.Purging;

/// <summary>The numbers of the last purges of one thing; 0 where there was none.</summary>
/// <param name="Hard">Of the last hard one.</param>
/// <param name="Soft">Of the last soft one.</param>
/// <param name="SoftAt">When that was, by the steady clock.</param>
internal readonly record struct LastPurges(long Hard, long Soft, DateTimeOffset SoftAt)
{
    /// <summary>The number of the last one.</summary>
    public long Latest => Math.Max(Hard, Soft);

    /// <summary>Returns these purges with one more.</summary>
    public LastPurges With(long number, bool isSoft, DateTimeOffset at) =>
        isSoft ? this with { Soft = Math.Max(Soft, number), SoftAt = at } : this with { Hard = Math.Max(Hard, number) };
}
