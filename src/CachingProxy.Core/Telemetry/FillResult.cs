namespace CachingProxy.Core.Telemetry;

/// <summary>The result of a fill.</summary>
public enum FillResult
{
    /// <summary>The response was stored.</summary>
    Stored,

    /// <summary>The origin confirmed the stored response.</summary>
    Validated,

    /// <summary>Another fetch or another node had stored the response; the origin was not asked.</summary>
    Found,

    /// <summary>The response was not stored, and went to the one client that asked.</summary>
    NotStored,

    /// <summary>There was no response, or it broke off.</summary>
    Failed,
}
