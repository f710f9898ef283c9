using System.Net;
using System.Net.Sockets;

namespace CachingProxy.Http.Targets;

/// <summary>
/// The addresses of the public Internet, by IANA's special-purpose registries (as of 2025-10-09), and those of private networks.
/// </summary>
internal static class AddressRanges
{
    // Loopback and private use: permitted to a trusted local request.
    private static readonly IPNetwork[] Private = [.. Networks("10.0.0.0/8 127.0.0.0/8 172.16.0.0/12 192.168.0.0/16 ::1/128 fc00::/7")];

    // The metadata services of AWS and Google, which live in the private range of IPv6.
    private static readonly IPNetwork[] Metadata = [.. Networks("fd00:ec2::/32 fd20:ce::/32")];

    private static readonly IPNetwork[] SpecialV4 =
    [
        .. Networks("0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24"),
        .. Networks("192.31.196.0/24 192.52.193.0/24 192.88.99.0/24 192.168.0.0/16 192.175.48.0/24 198.18.0.0/15 198.51.100.0/24"),
        .. Networks("203.0.113.0/24 224.0.0.0/4 240.0.0.0/4"),
        // Azure's WireServer answers on an address that looks public.
        .. Networks("168.63.129.16/32"),
    ];

    private static readonly IPNetwork GlobalUnicastV6 = IPNetwork.Parse("2000::/3");

    private static readonly IPNetwork[] SpecialV6 = [.. Networks("2001::/23 2001:db8::/32 2002::/16 2620:4f:8000::/48 3fff::/20")];

    /// <summary>Returns the address that a connection really goes to: an IPv4 address mapped into IPv6 becomes plain IPv4.</summary>
    public static IPAddress Effective(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    /// <summary>Tells whether an address belongs to the public Internet.</summary>
    public static bool IsPublic(IPAddress address)
    {
        var effective = Effective(address);
        return effective.AddressFamily switch
        {
            AddressFamily.InterNetwork => !SpecialV4.Any(network => network.Contains(effective)),
            AddressFamily.InterNetworkV6 => effective.ScopeId == 0
                && GlobalUnicastV6.Contains(effective)
                && !SpecialV6.Any(network => network.Contains(effective))
                && !IsIsatap(effective),
            _ => false,
        };
    }

    /// <summary>Tells whether an address is loopback or in private use, and not a metadata service's.</summary>
    public static bool IsPrivate(IPAddress address)
    {
        var effective = Effective(address);
        return Private.Any(network => network.Contains(effective))
            && !Metadata.Any(network => network.Contains(effective))
            && (effective.AddressFamily == AddressFamily.InterNetwork || effective.ScopeId == 0);
    }

    // ISATAP embeds an IPv4 address after xx00:5efe, with any prefix before it.
    private static bool IsIsatap(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        return (bytes[8] & 0xfc) == 0 && bytes[9] == 0 && bytes[10] == 0x5e && bytes[11] == 0xfe;
    }

    private static IEnumerable<IPNetwork> Networks(string list) => list.Split(' ').Select(network => IPNetwork.Parse(network));
}
