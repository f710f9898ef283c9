using CachingProxy.AspNetCore.Gate;
using CachingProxy.Core;
using CachingProxy.Core.Messages;
using CachingProxy.Http.Upstream;

namespace CachingProxy.AspNetCore;

/// <summary>The settings of the reverse proxy, which serves one origin under the client's own paths.</summary>
public sealed class ReverseProxyOptions
{
    /// <summary>The origin: http or https, a host, a port if any, and a path that all targets are appended to.</summary>
    public required Uri Origin { get; init; }

    /// <summary>Lifetimes, cookies and sizes.</summary>
    public CachePolicy Policy { get; init; } = new();

    /// <summary>Fields that every request to the origin carries, in the place of what the client sent. None by default.</summary>
    public OriginFields OriginFields { get; init; } = OriginFields.None;

    /// <summary>The configuration that tells stored responses apart (<see cref="FaceScope"/>); nothing by default.</summary>
    public FaceScope? Scope { get; init; }

    /// <summary>
    /// The token that is cancelled when this server begins to stop. It ends event streams and WebSockets, which do not end by themselves.
    /// Never cancelled by default.
    /// </summary>
    public CancellationToken Stopping { get; init; }

    /// <summary>
    /// True if <c>Location</c>, <c>Content-Location</c>, <c>Refresh</c> and cookies that name the origin are rewritten, so that the client
    /// comes back here. On by default.
    /// </summary>
    public bool RewritesReferences { get; init; } = true;

    /// <summary>The limits of clients; none by default.</summary>
    public ClientLimits? Limits { get; init; }

    /// <summary>The name under which this instance appears in <c>Via</c>; see <see cref="CacheEngineOptions.Pseudonym"/>.</summary>
    public required string Pseudonym { get; init; }
}
