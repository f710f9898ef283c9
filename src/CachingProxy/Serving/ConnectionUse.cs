using System.Net;
using System.Net.Sockets;
using CachingProxy.AspNetCore.Requests;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace CachingProxy.Serving;

/// <summary>
/// The state of one connection of a client, for <see cref="ConnectionLimit"/> and <see cref="SlowClients"/>: idle between requests, or
/// busy.
/// </summary>
internal sealed class ConnectionUse
{
    private readonly ConnectionLimit _limit;
    private readonly ConnectionContext _connection;
    private readonly Socket? _socket;
    private volatile Phase _phase = Phase.AwaitingHead;

    /// <summary>Begins the use of a connection that was just accepted.</summary>
    public ConnectionUse(ConnectionLimit limit, ConnectionContext connection, TimeProvider time)
    {
        _limit = limit;
        _connection = connection;
        _socket = connection.Features.Get<IConnectionSocketFeature>()?.Socket;
        Place = new LinkedListNode<ConnectionUse>(this);
        Pace = new ClientPace(time);
    }

    /// <summary>The place of the connection in the list of idle connections, or in the list of busy connections.</summary>
    public LinkedListNode<ConnectionUse> Place { get; }

    /// <summary>How fast the client receives and sends bytes.</summary>
    public ClientPace Pace { get; }

    /// <summary>The content of the request that is being answered; null where it has none.</summary>
    public ClientContent? Content { get; set; }

    /// <summary>Tells whether the connection has ended, or is about to.</summary>
    public bool IsEnding { get; set; }

    /// <summary>Tells whether a request has come and its answer is not complete.</summary>
    public bool IsAnswering => _phase == Phase.Answering;

    /// <summary>True while the connection waits for the next request, and no part of an answer is left to be written.</summary>
    public bool IsAwaitingHead => _phase == Phase.AwaitingHead;

    /// <summary>The field <c>Connection</c> of the request as the client sent it; null where it has none.</summary>
    public string? ConnectionField { get; private set; }

    /// <summary>The client's address; null where the connection has none.</summary>
    public IPAddress? ClientAddress => (_connection.RemoteEndPoint as IPEndPoint)?.Address;

    /// <summary>True if the request line of the current head has arrived.</summary>
    public bool IsRequestLineRead { get; set; }

    /// <summary>The fault of the target of the last request line; null if no fault is known.</summary>
    public string? RequestLineFault { get; set; }

    /// <summary>Notes that bytes are being read. Once the previous response is complete, they are the next head.</summary>
    public void OnReading()
    {
        if (_phase == Phase.Ended)
        {
            _phase = Phase.AwaitingHead;
            IsRequestLineRead = false;
        }
    }

    /// <summary>Adds the value of one line of the field <c>Connection</c>.</summary>
    public void AddConnectionField(string value) => ConnectionField = ConnectionField is null ? value : $"{ConnectionField}, {value}";

    /// <summary>Notes that a request has come.</summary>
    public void Begin()
    {
        _phase = Phase.Answering;
        _limit.OnBusy(this);
    }

    /// <summary>Notes that the request is answered.</summary>
    public void End()
    {
        Content = null;
        ConnectionField = null;
        _phase = Phase.Ended;
        _limit.OnIdle(this);
    }

    /// <summary>
    /// Measures the progress of the client while the proxy waits for the client to receive bytes or to send content. Otherwise resets the
    /// measurement.
    /// </summary>
    public void Look()
    {
        if (_socket is not null && TcpProgress.Of(_socket) is { } progress && (progress.IsSending || Content is { IsAwaited: true }))
        {
            Pace.Measure(progress.Bytes);
        }
        else
        {
            Pace.Reset();
        }
    }

    /// <summary>Cuts the connection.</summary>
    public void Abort(string reason) => _connection.Abort(new ConnectionAbortedException(reason));

    private enum Phase
    {
        AwaitingHead,
        Answering,
        Ended,
    }
}
