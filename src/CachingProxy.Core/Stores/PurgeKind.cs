namespace CachingProxy.Core.Stores;

/// <summary>The kinds of purges. The numbers are stored, and stay what they are.</summary>
public enum PurgeKind
{
    /// <summary>Everything.</summary>
    All = 0,

    /// <summary>One URI.</summary>
    Url = 1,

    /// <summary>All URIs whose path begins with whole segments.</summary>
    Prefix = 2,

    /// <summary>All responses that bear a tag.</summary>
    Tag = 3,

    /// <summary>All URIs with a path, whatever their query.</summary>
    Path = 4,
}
