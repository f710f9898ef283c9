using System.Net;
using CachingProxy.Core.Parsing;

namespace CachingProxy.AspNetCore.Gate;

/// <summary>
/// Takes the client's address from <c>X-Forwarded-For</c> or <c>Forwarded</c> (RFC 7239), if a trusted proxy sent the request: the
/// rightmost address that is not itself a trusted proxy's. Anybody can claim what stands to the left of it. Immutable.
/// </summary>
/// <param name="networks">The networks of the trusted proxies.</param>
/// <param name="takesScheme">Whether the scheme is taken from <c>X-Forwarded-Proto</c> as well.</param>
/// <param name="takesHost">Whether the host is taken from <c>X-Forwarded-Host</c> as well.</param>
public sealed class TrustedProxies(IReadOnlyList<IPNetwork> networks, bool takesScheme, bool takesHost)
{
    /// <summary>Nobody is trusted.</summary>
    public static TrustedProxies None { get; } = new([], false, false);

    /// <summary>Tells whether a peer is a trusted proxy.</summary>
    public bool Contains(IPAddress? address) =>
        address is not null && networks.Count > 0 && networks.Any(network => network.Contains(ClientNetwork.Unmapped(address)));

    /// <summary>
    /// Sets what a trusted proxy says of its client, before anything else looks at the request. Returns a refusal where it says two
    /// different things.
    /// </summary>
    public Refusal? Apply(Exchange exchange)
    {
        ArgumentNullException.ThrowIfNull(exchange);
        if (!Contains(exchange.PeerAddress))
        {
            return null;
        }

        var headers = exchange.RequestHeaders;
        var (forwardedFor, forwarded) = (headers["X-Forwarded-For"].ToString(), headers["Forwarded"].ToString());
        var byFor = Rightmost(forwardedFor.Split(','));
        var byForwarded = Rightmost([.. ListReader.Split(forwarded).Select(NodeOf)]);
        if (forwardedFor.Length > 0 && forwarded.Length > 0 && !Equals(byFor, byForwarded))
        {
            // A proxy writes one of the two, and passes the other on as its client sent it: who that is, nobody can tell.
            return Refusal.BadRequest("X-Forwarded-For and Forwarded name different clients.");
        }

        if ((byFor ?? byForwarded) is { } client)
        {
            exchange.ClientAddress = client;
        }

        if (takesScheme && Last(headers["X-Forwarded-Proto"].ToString()) is "http" or "https")
        {
            exchange.Scheme = Last(headers["X-Forwarded-Proto"].ToString());
        }

        if (takesHost && Last(headers["X-Forwarded-Host"].ToString()) is { Length: > 0 } host)
        {
            headers.Host = host;
        }

        return null;
    }

    // An address that cannot be read ends the walk: what stands to its left was written before a proxy that nobody knows.
    private IPAddress? Rightmost(IReadOnlyList<string> nodes)
    {
        IPAddress? client = null;
        foreach (var node in nodes.Reverse())
        {
            if (AddressOf(node.Trim()) is not { } address)
            {
                return client;
            }

            client = address;
            if (!Contains(address))
            {
                return client;
            }
        }

        return client;
    }

    // 192.0.2.1, 192.0.2.1:80, [2001:db8::1], [2001:db8::1]:80, 2001:db8::1
    private static IPAddress? AddressOf(string node)
    {
        if (IPAddress.TryParse(node, out var address))
        {
            return ClientNetwork.Unmapped(address);
        }

        var end = node.StartsWith('[') ? node.IndexOf(']', StringComparison.Ordinal) + 1 : node.IndexOf(':', StringComparison.Ordinal);
        return end > 0 && IPAddress.TryParse(node[..end], out address) ? ClientNetwork.Unmapped(address) : null;
    }

    // for="[2001:db8::1]:80";proto=https
    // A proxy may quote what the client chose, such as its Host: a comma or a semicolon inside the quotes ends nothing.
    private static string NodeOf(string element) =>
        ListReader
            .SplitAt(element, ';')
            .Where(pair => pair.StartsWith("for=", StringComparison.OrdinalIgnoreCase))
            .Select(pair => ListReader.Unquote(pair[4..]))
            .FirstOrDefault("");

    private static string Last(string list) => list.Split(',')[^1].Trim();
}
