using Microsoft.AspNetCore.Connections;

namespace CachingProxy.Serving;

/// <summary>One connection of a client, as <see cref="ConnectionLimit"/> knows it: idle between requests, or not.</summary>
internal sealed class ConnectionUse(ConnectionLimit limit, ConnectionContext connection)
{
    /// <summary>Its place among the idle ones; null while a request is being answered.</summary>
    public LinkedListNode<ConnectionUse>? Idle { get; set; }

    /// <summary>Tells whether it has ended, or is about to.</summary>
    public bool IsEnding { get; set; }

    /// <summary>A request has come.</summary>
    public void Begin() => limit.OnBusy(this);

    /// <summary>The request is answered.</summary>
    public void End() => limit.OnIdle(this);

    /// <summary>Cuts the connection.</summary>
    public void Abort() => connection.Abort(new ConnectionAbortedException("The connection makes room for another."));
}
