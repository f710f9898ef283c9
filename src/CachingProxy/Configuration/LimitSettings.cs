using System.Net;
using CachingProxy.Core.Parsing;

namespace CachingProxy.Configuration;

/// <summary>The settings of how often and how much clients may ask, and of who tells who they are.</summary>
internal static class LimitSettings
{
    public static IReadOnlyList<Setting> All { get; } =
    [
        new(
            "rate-limit",
            "N/TIME",
            "none",
            "Let each client send at most so many requests in any time of this length, such as 100/1m; repeatable",
            RateLimits.Form,
            (settings, texts) => RateLimits.Parse(texts) is { } limits ? settings with { RateLimits = limits } : null
        )
        {
            IsRepeatable = true,
            Explain = RateLimits.Explain,
        },
        new(
            "rate-limit-by",
            "WHO",
            "address",
            "What names a client for --rate-limit: address, or header:NAME",
            "give address, or header:NAME such as header:X-Api-Key",
            (settings, texts) => ParseWho(texts[0]) is { } who ? settings with { RateLimitField = who.Length > 0 ? who : null } : null
        ),
        Setting.Switch(
            "rate-limit-hits",
            isOn: true,
            "Count requests that the cache answers by itself against --rate-limit",
            (settings, isOn) => settings with { RateLimitHits = isOn }
        ),
        new(
            "max-connections-per-client",
            "N",
            "0",
            "Most connections of one client address at once; 0 for no limit",
            "give 0 to 10000",
            (settings, texts) =>
                SettingValues.ParseCount(texts[0], 0, 10_000) is { } max ? settings with { MaxConnectionsPerClient = max } : null
        ),
        new(
            "trusted-proxy",
            "CIDR",
            "none",
            "Network of proxies in front, which are believed what X-Forwarded-For or Forwarded says of their clients; repeatable",
            "give an address or a network, such as 10.0.0.0/8 or fd00::/8",
            (settings, texts) => ParseNetworks(texts) is { } networks ? settings with { TrustedProxies = networks } : null
        )
        {
            IsRepeatable = true,
        },
        new(
            "trusted-proxy-sets",
            "WHAT",
            "for",
            "What trusted proxies say: for (the client's address), and with it proto or host; repeatable",
            "give for, proto or host",
            (settings, texts) =>
                texts.All(text => text is "for" or "proto" or "host")
                    ? settings with
                    {
                        TrustsForwardedScheme = texts.Contains("proto"),
                        TrustsForwardedHost = texts.Contains("host"),
                    }
                    : null
        )
        {
            IsRepeatable = true,
        },
        Setting.Switch(
            "proxy-protocol",
            isOn: false,
            "Read the PROXY protocol (v1, v2) at the beginning of connections from --trusted-proxy",
            (settings, isOn) => settings with { ProxyProtocol = isOn }
        ),
    ];

    // Returns an empty text for the address.
    private static string? ParseWho(string text)
    {
        if (text == "address")
        {
            return "";
        }

        return text.Split(':', 2) is ["header", var name] && FieldSyntax.IsToken(name) ? name : null;
    }

    private static List<IPNetwork>? ParseNetworks(IReadOnlyList<string> texts)
    {
        var networks = new List<IPNetwork>();
        foreach (var text in texts)
        {
            if (IPNetwork.TryParse(text, out var network))
            {
                networks.Add(network);
            }
            else if (IPAddress.TryParse(text, out var address))
            {
                networks.Add(new IPNetwork(address, address.GetAddressBytes().Length * 8));
            }
            else
            {
                return null;
            }
        }

        return networks;
    }
}
