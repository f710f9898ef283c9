using CachingProxy.Core.Messages;

namespace CachingProxy.Http.Upstream;

/// <summary>
/// The link between a request and the connection that carries it, which SocketsHttpHandler does not reveal. The code that writes to a
/// connection belongs to an exchange (<see cref="Current"/>), and so the connection learns which exchange it carries. HTTP/1.1 only.
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

    /// <summary>The upload of the request's content, which is sent beside the handler; null where the request has no content.</summary>
    public Upload? Upload { get; }

    /// <summary>The connection that the request was written to.</summary>
    public OriginConnection? Connection { get; set; }

    /// <summary>
    /// True if the handler turned characters in the head of the response, or of an interim response before it, into blanks: a NUL, or a
    /// carriage return that ends no line. The original value of the field is unknown.
    /// </summary>
    public bool IsHeadRepaired { get; set; }

    /// <summary>Begins an exchange, and makes it the current one for all code that the caller calls from now on.</summary>
    public static OriginExchange Begin(bool isPlain, Action<InterimResponse>? onInterim, Upload? upload)
    {
        var exchange = new OriginExchange(isPlain, onInterim, upload);
        exchange.Enter();
        return exchange;
    }

    /// <summary>Makes this exchange the current one for all code that the caller calls from now on.</summary>
    public void Enter() => Ambient.Value = this;

    /// <summary>Stops sending the request. Closes the connection if some of the content has not been sent.</summary>
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
