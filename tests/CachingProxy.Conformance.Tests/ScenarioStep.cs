namespace CachingProxy.Conformance.Tests;

/// <summary>
/// One request, or time that passes. In fields and bodies <c>{now}</c>, <c>{now+60}</c> and <c>{now-60}</c> stand for dates.
/// </summary>
public sealed record ScenarioStep
{
    /// <summary>Seconds that pass before anything else.</summary>
    public int After { get; init; }

    /// <summary>Method and target, such as <c>GET /x</c>; empty where only time passes.</summary>
    public string Send { get; init; } = "";

    /// <summary>The client's fields, a line each.</summary>
    public IReadOnlyList<string> With { get; init; } = [];

    /// <summary>The client's content.</summary>
    public string? Content { get; init; }

    /// <summary>What the origin answers, one for each request that it is to receive; none means that it must not be asked.</summary>
    public IReadOnlyList<OriginAnswer> Origin { get; init; } = [];

    /// <summary>The status that the client is told.</summary>
    public int Status { get; init; } = 200;

    /// <summary>The content that the client is sent; null where it does not matter.</summary>
    public string? Body { get; init; }

    /// <summary>Fields that the client must be sent, a line each; an exclamation mark before a name alone: it must be absent.</summary>
    public IReadOnlyList<string> Fields { get; init; } = [];

    /// <summary>What <c>Cache-Status</c> must say after our name.</summary>
    public required string CacheStatus { get; init; }

    /// <summary>One answer of the origin.</summary>
    public sealed record OriginAnswer
    {
        /// <summary>The status; 0 breaks the connection.</summary>
        public int Status { get; init; } = 200;

        /// <summary>The fields, a line each.</summary>
        public IReadOnlyList<string> With { get; init; } = [];

        /// <summary>The content.</summary>
        public string Content { get; init; } = "";

        /// <summary>Fields that the request must have had, written as <see cref="ScenarioStep.Fields"/> are.</summary>
        public IReadOnlyList<string> Sees { get; init; } = [];
    }
}
