using System.Globalization;
using System.Net;

namespace CachingProxy.Http.Targets;

/// <summary>
/// A host or a range of addresses that the operator permits: <c>HOST</c> or <c>CIDR</c>, each with an optional <c>:PORT</c>. Without a
/// port, it is permitted on 80, 443, and 1024 and above. IPv6 needs brackets where a port follows: <c>[fd00::/8]:8080</c>.
/// </summary>
public sealed record AllowedTarget
{
    private AllowedTarget() { }

    private string? Host { get; init; }

    private IPNetwork? Network { get; init; }

    private int? Port { get; init; }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Host?.ToLowerInvariant()}{Network}:{Port}");

    /// <summary>Reads a target from a text; returns null where the text does not have the form above.</summary>
    public static AllowedTarget? Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var (host, portText) = Split(text);
        int? port = null;
        if (portText is not null)
        {
            if (!int.TryParse(portText, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number is < 1 or > 65535)
            {
                return null;
            }

            port = number;
        }

        if (IPAddress.TryParse(host, out var address))
        {
            return new AllowedTarget { Network = new IPNetwork(address, address.GetAddressBytes().Length * 8), Port = port };
        }

        if (host.Contains('/', StringComparison.Ordinal))
        {
            return IPNetwork.TryParse(host, out var network) ? new AllowedTarget { Network = network, Port = port } : null;
        }

        return Uri.CheckHostName(host) == UriHostNameType.Dns ? new AllowedTarget { Host = host.TrimEnd('.'), Port = port } : null;
    }

    /// <summary>Tells whether a name on a port is permitted, wherever it leads.</summary>
    internal bool PermitsHost(string host, int port) =>
        Host is not null && Host.Equals(host.TrimEnd('.'), StringComparison.OrdinalIgnoreCase) && PermitsPort(port);

    /// <summary>Tells whether an address on a port is permitted.</summary>
    internal bool PermitsAddress(IPAddress address, int port) =>
        Network is { } network && network.Contains(AddressRanges.Effective(address)) && PermitsPort(port);

    private bool PermitsPort(int port) => Port is null ? TargetPolicy.IsUsualPort(port) : Port == port;

    private static (string Host, string? Port) Split(string text)
    {
        if (text.StartsWith('[') && text.IndexOf(']', StringComparison.Ordinal) is var end and > 0)
        {
            var rest = text[(end + 1)..];
            if (rest.Length == 0)
            {
                return (text[1..end], null);
            }

            if (rest[0] == ':')
            {
                return (text[1..end], rest[1..]);
            }

            return (text, null);
        }

        var colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon >= 0 && text.LastIndexOf(':') == colon ? (text[..colon], text[(colon + 1)..]) : (text, null);
    }
}
