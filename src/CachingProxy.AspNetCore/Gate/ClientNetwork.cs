using System.Net;
using System.Net.Sockets;

namespace CachingProxy.AspNetCore.Gate;

/// <summary>Tells which addresses are one client.</summary>
public static class ClientNetwork
{
    /// <summary>
    /// Returns the address that stands for a client: of IPv6 the first 64 bits, since one subscriber has all the others; of a mapped IPv4
    /// address the IPv4 address; null for none.
    /// </summary>
    public static IPAddress? Of(IPAddress? address)
    {
        if (address is null)
        {
            return null;
        }

        address = Unmapped(address);
        if (address.AddressFamily != AddressFamily.InterNetworkV6 || IPAddress.IsLoopback(address))
        {
            return address;
        }

        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        bytes[8..].Clear();
        return new IPAddress(bytes);
    }

    /// <summary>Returns an IPv4 address that is mapped into IPv6 as IPv4, and any other address as it is.</summary>
    internal static IPAddress Unmapped(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
