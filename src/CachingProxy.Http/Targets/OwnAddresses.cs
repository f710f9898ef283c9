using System.Net;
using System.Net.NetworkInformation;

namespace CachingProxy.Http.Targets;

/// <summary>
/// The addresses of this machine. A connection to one of them reaches this proxy itself, or a service that only this machine should reach.
/// </summary>
public static class OwnAddresses
{
    private static readonly Lazy<HashSet<IPAddress>> Known = new(() =>
        [
            .. NetworkInterface
                .GetAllNetworkInterfaces()
                .SelectMany(card => card.GetIPProperties().UnicastAddresses)
                .Select(unicast => unicast.Address),
        ]
    );

    /// <summary>Tells whether an address is one of this machine's.</summary>
    public static bool Contains(IPAddress address) => Known.Value.Contains(AddressRanges.Effective(address));
}
