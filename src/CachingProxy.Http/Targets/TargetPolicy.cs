using System.Net;

namespace CachingProxy.Http.Targets;

/// <summary>The rules for where requests of one kind may go. Immutable.</summary>
public sealed class TargetPolicy
{
    /// <summary>
    /// The configured origin: scheme, host and port. It is always permitted, whatever address its name has. None by default.
    /// </summary>
    public Uri? Origin { get; init; }

    /// <summary>True if hosts other than the origin and those in <see cref="Allowed"/> are permitted at all. On by default.</summary>
    public bool PermitsPublic { get; init; } = true;

    /// <summary>Tells whether loopback and private addresses are permitted. Off by default.</summary>
    public bool PermitsPrivate { get; init; }

    /// <summary>Further targets that the operator permits. None by default.</summary>
    public IReadOnlyList<AllowedTarget> Allowed { get; init; } = [];

    /// <summary>Tells whether a name and port may be looked up and connected to at all; the addresses are judged later.</summary>
    internal bool PermitsName(string host, int port)
    {
        if (PermitsWhereverItLeads(host, port))
        {
            return true;
        }

        if (IPAddress.TryParse(host, out var literal))
        {
            return PermitsAddress(host, literal, port);
        }

        return PermitsPublic && IsUsualPort(port) && (PermitsPrivate || Allowed.Count > 0 || !IsInternalName(host));
    }

    /// <summary>Returns true if a connection to one of a host's addresses is permitted.</summary>
    internal bool PermitsAddress(string host, IPAddress address, int port) =>
        PermitsWhereverItLeads(host, port)
        || Allowed.Any(target => target.PermitsAddress(address, port))
        || (
            PermitsPublic
            && IsUsualPort(port)
            && (
                (AddressRanges.IsPublic(address) && !OwnAddresses.Contains(address)) || (PermitsPrivate && AddressRanges.IsPrivate(address))
            )
        );

    /// <summary>Returns true if a target is permitted by its name, whatever addresses the name has.</summary>
    internal bool PermitsWhereverItLeads(string host, int port) =>
        IsOrigin(host, port) || Allowed.Any(target => target.PermitsHost(host, port));

    private bool IsOrigin(string host, int port) =>
        Origin is not null
        && Origin.Port == port
        && Origin.IdnHost.Trim('[', ']').Equals(host.Trim('[', ']'), StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// Returns true if web servers commonly use a port: 80, 443, or 1024 and above. The operator must name any other port.
    /// </summary>
    internal static bool IsUsualPort(int port) => port is 80 or 443 or >= 1024;

    // Returns true for names whose form shows that they are internal. Other names are judged by their addresses, after they are resolved.
    private static bool IsInternalName(string host)
    {
        var name = host.TrimEnd('.').ToLowerInvariant();
        return !name.Contains('.', StringComparison.Ordinal)
            || name.EndsWith(".localhost", StringComparison.Ordinal)
            || name.EndsWith(".local", StringComparison.Ordinal)
            || name.EndsWith(".internal", StringComparison.Ordinal);
    }
}
