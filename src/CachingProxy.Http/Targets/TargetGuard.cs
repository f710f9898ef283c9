using System.Net;
using System.Net.Sockets;
using CachingProxy.Core.Messages;

namespace CachingProxy.Http.Targets;

/// <summary>
/// Opens every connection to an origin, and checks the very addresses that it then connects to: an earlier or a later look-up of the name
/// does not matter. Safe for any number of threads.
/// </summary>
public sealed class TargetGuard
{
    private static readonly TimeSpan PatiencePerAddress = TimeSpan.FromSeconds(1);

    private readonly TargetPolicy _policy;
    private readonly Func<string, CancellationToken, Task<IPAddress[]>> _resolve;

    /// <summary>
    /// Makes a guard that looks names up with <paramref name="resolve"/>, or with the system's resolver where that is null.
    /// </summary>
    public TargetGuard(TargetPolicy policy, Func<string, CancellationToken, Task<IPAddress[]>>? resolve = null)
    {
        _policy = policy;
        _resolve = resolve ?? Dns.GetHostAddressesAsync;
    }

    /// <summary>Returns true if the policy permits a host and port, as far as can be decided without a look-up of the name.</summary>
    public bool Permits(string host, int port) => _policy.PermitsName(host.Trim('[', ']'), port);

    /// <summary>Connects to the target of a request. Serves as the <see cref="SocketsHttpHandler.ConnectCallback"/>.</summary>
    /// <exception cref="OriginException">The target is forbidden. The message is the same for every forbidden target.</exception>
    internal async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        var endPoint = context.DnsEndPoint;
        var host = endPoint.Host.Trim('[', ']');
        var uri = context.InitialRequestMessage.RequestUri;
        if (
            uri is null
            || uri.Port != endPoint.Port
            || !uri.IdnHost.Trim('[', ']').Equals(host, StringComparison.OrdinalIgnoreCase)
            || !_policy.PermitsName(host, endPoint.Port)
        )
        {
            throw Forbidden();
        }

        return await ConnectToAnyAsync(
            Permitted(host, endPoint.Port, await ResolveAsync(_resolve, host, cancellation)),
            endPoint.Port,
            cancellation
        );
    }

    /// <summary>
    /// Judges a target that another proxy is going to connect to. A name that this machine cannot resolve may have a private address for
    /// that proxy. Only a policy that permits private addresses permits such a name.
    /// </summary>
    /// <exception cref="OriginException">The target is forbidden, by its name or by an address that the name has here.</exception>
    internal async ValueTask EnsurePermittedAsync(string host, int port, CancellationToken cancellation)
    {
        if (!Permits(host, port))
        {
            throw Forbidden();
        }

        if (_policy.PermitsWhereverItLeads(host, port))
        {
            return;
        }

        try
        {
            _ = Permitted(host, port, await ResolveAsync(_resolve, host, cancellation));
        }
        catch (OriginException unknown) when (unknown.Error == OriginError.NameNotResolved)
        {
            if (!_policy.PermitsPrivate)
            {
                throw Forbidden();
            }
        }
    }

    /// <summary>Connects to a host that the operator has named, whatever its address.</summary>
    internal static async ValueTask<Stream> OpenAsync(string host, int port, CancellationToken cancellation) =>
        await ConnectToAnyAsync(await ResolveAsync(Dns.GetHostAddressesAsync, host, cancellation), port, cancellation);

    // Refuses a name if even one of its addresses is forbidden: attackers hide a private address among public ones.
    private IPAddress[] Permitted(string host, int port, IPAddress[] addresses) =>
        addresses.All(address => _policy.PermitsAddress(host, address, port)) ? addresses : throw Forbidden();

    /// <summary>Returns the exception for a forbidden target. It is the same for every reason.</summary>
    public static OriginException Forbidden() => new(OriginError.ForbiddenTarget, "This target may not be reached through this proxy.");

    private static async Task<IPAddress[]> ResolveAsync(
        Func<string, CancellationToken, Task<IPAddress[]>> resolve,
        string host,
        CancellationToken cancellation
    )
    {
        if (IPAddress.TryParse(host, out var literal))
        {
            return [literal];
        }

        try
        {
            return await resolve(host, cancellation) is { Length: > 0 } addresses
                ? addresses
                : throw new OriginException(OriginError.NameNotResolved, "The origin's name has no address.");
        }
        catch (Exception failure) when (failure is SocketException or ArgumentException)
        {
            throw new OriginException(OriginError.NameNotResolved, "The origin's name could not be resolved.", failure);
        }
    }

    private static async Task<Stream> ConnectToAnyAsync(IPAddress[] addresses, int port, CancellationToken cancellation)
    {
        Exception? last = null;
        for (var next = 0; next < addresses.Length; next++)
        {
            // An address that never responds must not keep us from trying the others; the last one has all the time that is left.
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            if (next < addresses.Length - 1)
            {
                patience.CancelAfter(PatiencePerAddress);
            }

            try
            {
                return await ConnectAsync(new IPEndPoint(addresses[next], port), patience.Token);
            }
            catch (Exception failure)
                when (failure is SocketException || (failure is OperationCanceledException && !cancellation.IsCancellationRequested))
            {
                last = failure;
            }
        }

        throw last switch
        {
            SocketException { SocketErrorCode: SocketError.ConnectionRefused } => new OriginException(
                OriginError.ConnectionRefused,
                "The origin refused the connection: nothing listens on its port.",
                last
            ),
            OperationCanceledException => new OriginException(
                OriginError.ConnectionTimeout,
                "The origin did not accept a connection in time.",
                last
            ),
            _ => new OriginException(OriginError.Unreachable, "The origin could not be reached.", last),
        };
    }

    private static async Task<Stream> ConnectAsync(IPEndPoint endPoint, CancellationToken cancellation)
    {
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(endPoint, cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
