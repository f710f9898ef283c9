namespace CachingProxy.Core.Telemetry;

/// <summary>The way in which a request was answered, in one word, for log lines and metric labels.</summary>
public enum RequestOutcome
{
    /// <summary>A fresh stored response was served.</summary>
    Hit,

    /// <summary>A stale stored response was served; the reason says why it was permitted.</summary>
    Stale,

    /// <summary>The origin confirmed a stored response, which was served.</summary>
    Revalidated,

    /// <summary>The response was fetched for this request.</summary>
    Miss,

    /// <summary>The request shared the fetch of another one.</summary>
    Shared,

    /// <summary>The request has nothing to do with the cache, and went to the origin.</summary>
    Bypass,

    /// <summary>There is no response; the reason is the code of the error.</summary>
    Error,

    /// <summary>The request was refused before anybody looked for a response; the reason is the code of the error.</summary>
    Refused,

    /// <summary>One of our own endpoints answered.</summary>
    Own,
}
