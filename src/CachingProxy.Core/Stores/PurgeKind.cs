namespace CachingProxy.Core.Stores;

/// <summary>The kinds of purges. The numbers are stored: do not change them.</summary>
public enum PurgeKind
{
    /// <summary>Everything.</summary>
    All = 0,

    /// <summary>One URI.</summary>
    Url = 1,

    /// <summary>All URIs whose path begins with the given segments.</summary>
    Prefix = 2,

    /// <summary>All responses that bear a tag.</summary>
    Tag = 3,

    /// <summary>All URIs of one path, whatever their query.</summary>
    Path = 4,
}
