namespace CachingProxy.Core.Purging;

/// <summary>The numbers of the last purges of one thing; 0 where there was none.</summary>
/// <param name="Hard">The number of the last hard purge.</param>
/// <param name="Soft">The number of the last soft purge.</param>
/// <param name="SoftAt">The moment of the last soft purge, by the steady clock.</param>
internal readonly record struct LastPurges(long Hard, long Soft, DateTimeOffset SoftAt)
{
    /// <summary>The number of the last purge, hard or soft.</summary>
    public long Latest => Math.Max(Hard, Soft);

    /// <summary>Returns these purges with one more.</summary>
    public LastPurges With(long number, bool isSoft, DateTimeOffset at)
    {
        if (!isSoft)
        {
            return this with { Hard = Math.Max(Hard, number) };
        }

        // A purge that is told a second time does not make responses stale later than it did.
        return number > Soft ? this with { Soft = number, SoftAt = at } : this;
    }
}
