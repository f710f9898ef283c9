using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace CachingProxy.Serving;

/// <summary>
/// Accepts a connection only when there is room; until then clients wait in the system's queue. Where descriptors run out nevertheless, the
/// listener makes room and tries again. Kestrel by itself would never accept again.
/// </summary>
internal sealed class BoundedListener(IConnectionListener inner, ConnectionLimit limit, TimeProvider time) : IConnectionListener
{
    private static readonly TimeSpan RetryInterval = TimeSpan.FromMilliseconds(100);

    /// <inheritdoc/>
    public EndPoint EndPoint => inner.EndPoint;

    /// <inheritdoc/>
    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            await limit.UntilThereIsRoomAsync(cancellationToken);
            try
            {
                var connection = await inner.AcceptAsync(cancellationToken);
                if (connection is not null)
                {
                    limit.Enter(connection);
                }

                return connection;
            }
            catch (SocketException failure)
                when (failure.SocketErrorCode is SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable)
            {
                limit.MakeRoom();
                await Task.Delay(RetryInterval, time, cancellationToken);
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        limit.StopWaiting();
        return inner.UnbindAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
