using System.Net;
using System.Net.Http.Headers;
using System.Text;
using CachingProxy.Core.Messages;
using CachingProxy.Http.Targets;

namespace CachingProxy.Http.Upstream;

/// <summary>
/// Reaches origins through another proxy. The other proxy looks up the names of targets itself. So the guard judges each target before the
/// request is sent, by its name and by the addresses that the name has here. Safe for any number of threads.
/// </summary>
/// <param name="inner">Finds the proxy for a URL, if there is one, and holds its credentials.</param>
/// <param name="guard">Judges targets, and opens the connections for which there is no proxy.</param>
internal sealed class OriginProxy(IWebProxy inner, TargetGuard guard) : IWebProxy, ICredentials
{
    /// <summary>The credentials that the handler asks for when a proxy refuses a request or a tunnel.</summary>
    ICredentials? IWebProxy.Credentials
    {
        get => this;
        set => throw new NotSupportedException("The credentials are those of the proxy that is wrapped.");
    }

    public Uri? GetProxy(Uri destination) => inner.GetProxy(destination);

    public bool IsBypassed(Uri host) => inner.IsBypassed(host);

    /// <summary>
    /// Returns the credentials for a tunnel, and null for a plain request. After a refusal the handler would send a plain request again,
    /// but its content is gone by then. A plain request carries the credentials from the beginning instead (<see cref="PrepareAsync"/>).
    /// </summary>
    public NetworkCredential? GetCredential(Uri uri, string authType) =>
        OriginExchange.Current is { IsPlain: true } ? null : inner.Credentials?.GetCredential(uri, authType);

    /// <summary>
    /// Judges the target of a request that is going to be sent through a proxy. Adds the credentials for that proxy if the URL is http.
    /// </summary>
    /// <exception cref="OriginException">The target is forbidden.</exception>
    public async ValueTask PrepareAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        var target = request.RequestUri!;
        if (For(target) is not { } proxy)
        {
            return;
        }

        await guard.EnsurePermittedAsync(target.IdnHost, target.Port, cancellation);
        if (target.Scheme == "http" && inner.Credentials?.GetCredential(proxy, "Basic") is { } credential)
        {
            var text = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{credential.UserName}:{credential.Password}"));
            request.Headers.ProxyAuthorization = new AuthenticationHeaderValue("Basic", text);
        }
    }

    /// <summary>Refuses a 407 to a request that went through a proxy: such an answer is the proxy's own.</summary>
    /// <exception cref="OriginException">The proxy wants other credentials.</exception>
    public void CheckAnswer(HttpRequestMessage request, HttpResponseMessage answer)
    {
        if (answer.StatusCode == HttpStatusCode.ProxyAuthenticationRequired && For(request.RequestUri!) is not null)
        {
            throw new OriginException(
                OriginError.Unreachable,
                "The proxy on the way to the origin wants other credentials than those of --origin-proxy."
            );
        }
    }

    /// <summary>Connects to a proxy, or through the guard to an origin.</summary>
    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        var (host, port) = (context.DnsEndPoint.Host, context.DnsEndPoint.Port);
        var request = context.InitialRequestMessage;
        var isToProxy =
            request.Method == HttpMethod.Connect || (For(request.RequestUri!) is { } proxy && proxy.IdnHost == host && proxy.Port == port);
        if (!isToProxy)
        {
            return await guard.ConnectAsync(context, cancellation);
        }

        try
        {
            return await TargetGuard.OpenAsync(host, port, cancellation);
        }
        catch (OriginException failure)
        {
            // The address of the proxy is for the log alone.
            throw new OriginException(
                failure.Error,
                "The proxy on the way to the origin could not be reached.",
                new IOException($"{host}:{port}: {failure.InnerException?.Message ?? failure.Message}")
            );
        }
    }

    private Uri? For(Uri target) => inner.IsBypassed(target) ? null : inner.GetProxy(target);
}
