using System.Net;
using CachingProxy.Http.Upstream;

namespace CachingProxy.Serving;

/// <summary>The parts of the world that the server depends on, for tests to replace.</summary>
internal sealed record ServerDependencies
{
    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Looks host names up; null for the system's resolver.</summary>
    public Func<string, CancellationToken, Task<IPAddress[]>>? Resolve { get; init; }

    /// <summary>The way to speak to origins, in the place of what the settings say; null for that.</summary>
    public HttpOriginOptions? Origin { get; init; }
}
