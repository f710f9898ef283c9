using CachingProxy.Core.Messages;

namespace CachingProxy.Http.Upstream;

/// <summary>
/// Ties a request to the connection that carries it, which SocketsHttpHandler does not reveal: the connection sees the exchange of the code
/// that writes to it. HTTP/1.1 only.
/// </summary>
internal sealed class OriginExchange
{
    private static readonly AsyncLocal<OriginExchange?> Ambient = new();

    private OriginExchange(bool isPlain, Action<InterimResponse>? onInterim, Upload? upload)
    {
        IsPlain = isPlain;
        OnInterim = onInterim;
        Upload = upload;
    }

    /// <summary>The exchange that the running code belongs to.</summary>
    public static OriginExchange? Current => Ambient.Value;

    /// <summary>
    /// Tells whether the URL is http, not https. A proxy on the way receives an http URL as a whole; for an https URL it makes a tunnel.
    /// </summary>
    public bool IsPlain { get; }

    /// <summary>Takes the interim responses; null where nobody wants them.</summary>
    public Action<InterimResponse>? OnInterim { get; }

    /// <summary>The content of the request, which is sent beside it; null where it has none.</summary>
    public Upload? Upload { get; }

    /// <summary>The connection that the request was written to.</summary>
    public OriginConnection? Connection { get; set; }

    /// <summary>
    /// Tells whether the handler turned characters in the head of the final response into blanks: a NUL, or a carriage return that ends no
    /// line. The original value of the field is unknown.
    /// </summary>
    public bool IsHeadRepaired { get; set; }

    /// <summary>Begins an exchange: the code that the caller goes on to call belongs to it.</summary>
    public static OriginExchange Begin(bool isPlain, Action<InterimResponse>? onInterim, Upload? upload)
    {
        var exchange = new OriginExchange(isPlain, onInterim, upload);
        exchange.Enter();
        return exchange;
    }

    /// <summary>The code that the caller goes on to call belongs to this exchange.</summary>
    public void Enter() => Ambient.Value = this;

    /// <summary>Stops sending the request. A connection on which content is missing ends with the exchange.</summary>
    public async ValueTask EndAsync()
    {
        if (Upload is not null)
        {
            await Upload.DisposeAsync();
            if (!Upload.IsDone)
            {
                await (Connection?.DisposeAsync() ?? ValueTask.CompletedTask);
            }
        }
    }
}
