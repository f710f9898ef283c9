using System.Net;
using System.Net.NetworkInformation;

namespace CachingProxy.Http.Targets;

/// <summary>The addresses of this machine: what leads to them leads back to us, or to what only we should reach.</summary>
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
