using System.Net;
using CachingProxy.AspNetCore.Gate;
using CachingProxy.Configuration;
using CachingProxy.Core.Telemetry;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace CachingProxy.Serving;

/// <summary>
/// Finds out whose connection one is, before anything of it is read as HTTP: by the PROXY protocol where a trusted proxy speaks it. Bounds
/// the connections of each client. Safe for any number of threads.
/// </summary>
internal sealed partial class ClientConnections
{
    private static readonly TimeSpan HeaderTimeout = TimeSpan.FromSeconds(5);

    private readonly TrustedProxies _proxies;
    private readonly bool _readsHeader;
    private readonly int _maxPerClient;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Occasionally _tell;
    private readonly Lock _lock = new();
    private readonly Dictionary<IPAddress, int> _counts = [];
    private long _refused;

    public ClientConnections(ProxySettings settings, TimeProvider time, ILogger<ClientConnections> logger)
    {
        _proxies = new TrustedProxies(settings.TrustedProxies, takesScheme: false, takesHost: false);
        _readsHeader = settings.ProxyProtocol;
        _maxPerClient = settings.MaxConnectionsPerClient;
        _time = time;
        _logger = logger;
        _tell = new Occasionally(TimeSpan.FromSeconds(10), time);
    }

    /// <summary>The number of connections that were closed at once, because their client had too many.</summary>
    public long Refused => Volatile.Read(ref _refused);

    /// <summary>Accompanies a connection to its end, or closes it at once.</summary>
    public async Task AccompanyAsync(ConnectionContext connection, Func<Task> next)
    {
        var isAdmin = connection.Features.Get<AdminListener>() is not null;
        if (_readsHeader && !isAdmin && _proxies.Contains(AddressOf(connection)) && !await TryReadHeaderAsync(connection))
        {
            connection.Abort(new ConnectionAbortedException("The connection does not begin with a header of the PROXY protocol."));
            return;
        }

        // A trusted proxy has the connections of many clients.
        if (_maxPerClient == 0 || isAdmin || ClientNetwork.Of(AddressOf(connection)) is not { } address || _proxies.Contains(address))
        {
            await next();
            return;
        }

        if (!TryEnter(address))
        {
            connection.Abort(new ConnectionAbortedException("The client has too many connections."));
            return;
        }

        try
        {
            await next();
        }
        finally
        {
            Leave(address);
        }
    }

    private static IPAddress? AddressOf(ConnectionContext connection) => (connection.RemoteEndPoint as IPEndPoint)?.Address;

    private async ValueTask<bool> TryReadHeaderAsync(ConnectionContext connection)
    {
        using var timeout = new CancellationTokenSource(HeaderTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, connection.ConnectionClosed);
        try
        {
            var (isValid, client) = await ProxyProtocol.ReadAsync(connection.Transport.Input, either.Token);
            connection.RemoteEndPoint = client ?? connection.RemoteEndPoint;
            return isValid;
        }
        catch (Exception failure) when (failure is OperationCanceledException or IOException)
        {
            return false;
        }
    }

    private bool TryEnter(IPAddress address)
    {
        lock (_lock)
        {
            var count = _counts.GetValueOrDefault(address);
            if (count < _maxPerClient)
            {
                _counts[address] = count + 1;
                return true;
            }
        }

        Interlocked.Increment(ref _refused);
        if (_tell.IsTime())
        {
            LogRefused(_logger, Refused, _maxPerClient);
        }

        return false;
    }

    private void Leave(IPAddress address)
    {
        lock (_lock)
        {
            if (--_counts[address] == 0)
            {
                _counts.Remove(address);
            }
        }
    }

    [LoggerMessage(
        112,
        LogLevel.Warning,
        "So far {Count} connections were closed at once, because their clients had {Max} already (--max-connections-per-client)"
    )]
    private static partial void LogRefused(ILogger logger, long count, int max);
}
