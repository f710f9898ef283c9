using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace CachingProxy.Serving;

/// <summary>Makes listeners on Kestrel's own sockets that accept connections within a limit.</summary>
internal sealed class BoundedListenerFactory(SocketTransportFactory sockets, ConnectionLimit limit, TimeProvider time)
    : IConnectionListenerFactory
{
    /// <inheritdoc/>
    public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
        new BoundedListener(await sockets.BindAsync(endpoint, cancellationToken), limit, time);
}
