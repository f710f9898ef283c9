namespace CachingProxy.AspNetCore.Upstream;

/// <summary>
/// Ties a request to the connection it is sent on, which SocketsHttpHandler does not tell: the connection sees who
/// writes to it. HTTP/1.1 only.
/// </summary>
internal sealed class OriginExchange : IDisposable
{
    private static readonly AsyncLocal<OriginExchange?> Ambient = new();

    private OriginExchange()
    {
    }

    /// <summary>The exchange that the running code belongs to.</summary>
    public static OriginExchange? Current => Ambient.Value;

    /// <summary>The connection that the request was written to.</summary>
    public OriginConnection? Connection { get; set; }

    /// <summary>Begins an exchange for the code that the caller goes on to call.</summary>
    public static OriginExchange Begin() => Ambient.Value = new OriginExchange();

    public void Dispose() => Ambient.Value = null;
}
