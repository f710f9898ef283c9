namespace CachingProxy.Core.Purging;

/// <summary>Adds up the effects of the purges after a position on one entry.</summary>
/// <param name="number">The number of the position.</param>
internal struct PurgesSince(long number)
{
    /// <summary>The validity of the entry after the purges so far.</summary>
    public Validity Validity { get; private set; }

    /// <summary>The moment when the entry became stale, by the steady clock; meaningful only where it is stale.</summary>
    public DateTimeOffset StaleSince { get; private set; }

    /// <summary>Adds the last purges of one thing that concerns the entry.</summary>
    public void Add(LastPurges last)
    {
        if (last.Hard > number)
        {
            Validity = Validity.Gone;
        }
        else if (last.Soft > number && Validity != Validity.Gone)
        {
            StaleSince = Validity == Validity.Stale && StaleSince < last.SoftAt ? StaleSince : last.SoftAt;
            Validity = Validity.Stale;
        }
    }
}
