namespace CachingProxy.Core.Messages;

/// <summary>The order in which requests get their turn with an origin that may not be asked as often as they want to.</summary>
public enum FetchPriority
{
    /// <summary>Somebody waits, and nothing is stored.</summary>
    Waited,

    /// <summary>Somebody waits for the confirmation of a stored response.</summary>
    Revalidation,

    /// <summary>Nobody waits: a refresh, or warming up.</summary>
    Refresh,
}
