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

    /// <summary>The options for requests to origins, in place of the timeouts of the settings; null to use those.</summary>
    public HttpOriginOptions? Origin { get; init; }
}
