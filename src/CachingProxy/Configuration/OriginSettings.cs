namespace CachingProxy.Configuration;

/// <summary>The settings of the origin, and how it is reached.</summary>
internal static class OriginSettings
{
    public static IReadOnlyList<Setting> All { get; } =
    [
        new(
            "origin",
            "URL",
            "none",
            "Base URL of the upstream",
            "give an http or https URL without user information, query or fragment",
            (settings, texts) => OriginUrl.Parse(texts[0]) is { } origin ? settings with { Origin = origin } : null
        )
        {
            Explain = OriginUrl.Explain,
        },
        new(
            "origin-header",
            "'NAME: VALUE'",
            "none",
            "A field to send with every request to the origin; repeatable",
            "give 'Name: value', the name a token other than Host, Connection, Range, If-* and their kind",
            (settings, texts) => SettingValues.ParseFields(texts) is { } fields ? settings with { OriginFields = fields } : null
        )
        {
            IsRepeatable = true,
            IsSecret = true,
            Separator = '\n',
        },
        new(
            "origin-timeout",
            "TIME",
            "60",
            "How long the origin may be silent, before the head of a response and within it",
            SettingTable.TimeoutForm,
            (settings, texts) => SettingValues.ParseTimeout(texts[0]) is { } timeout ? settings with { OriginTimeout = timeout } : null
        ),
        new(
            "origin-ca",
            "FILE",
            "none",
            "Certificates of issuers that are trusted beside those of the system",
            "give a file with certificates in PEM or DER",
            (settings, texts) => OriginAccess.ParseIssuers(texts[0]) is { } issuers ? settings with { OriginIssuers = issuers } : null
        )
        {
            Explain = OriginAccess.ExplainIssuers,
        },
        Setting.Switch(
            "origin-insecure",
            isOn: false,
            "Do not check the certificate of the origin: for development alone",
            (settings, isOn) => settings with { OriginInsecure = isOn }
        ),
        new(
            "origin-proxy",
            "URL",
            "none",
            "Proxy through which origins are reached; env: use HTTP_PROXY, HTTPS_PROXY and NO_PROXY",
            "give http://[USER:PASSWORD@]HOST[:PORT], or the same with https, socks4, socks4a or socks5; or env",
            (settings, texts) => OriginAccess.ParseProxy(texts[0]) is { } proxy ? settings with { OriginProxy = proxy } : null
        )
        {
            IsSecret = true,
        },
        new(
            "origin-rate-limit",
            "N/TIME",
            "none",
            "Send each origin at most so many requests in any time of this length, such as 60/1m; repeatable",
            RateLimits.Form,
            (settings, texts) => RateLimits.Parse(texts) is { } limits ? settings with { OriginRateLimits = limits } : null
        )
        {
            IsRepeatable = true,
            Explain = RateLimits.Explain,
        },
        new(
            "origin-queue-timeout",
            "TIME",
            "10",
            "How long a request waits for its turn with an origin that may not be asked more often",
            SettingTable.TimeoutForm,
            (settings, texts) => SettingValues.ParseTimeout(texts[0]) is { } timeout ? settings with { OriginQueueTimeout = timeout } : null
        ),
        new(
            "max-fetches",
            "N",
            "512",
            "Most requests to one origin at once; up to 1024 more wait, further ones get a 503",
            "give 1 to 65535",
            (settings, texts) => SettingValues.ParseCount(texts[0], 1, 65535) is { } count ? settings with { MaxFetches = count } : null
        ),
        new(
            "breaker-max-pause",
            "TIME",
            "30",
            "Longest time for which an origin that fails again and again is left alone; 0 to ask it each time",
            "give 0 to 24h, in seconds or with units: 15, 500ms, 1.5h, 1h30m",
            (settings, texts) =>
                Quantities.ParseDuration(texts[0]) is { } pause && pause <= SettingValues.MaxTimeout
                    ? settings with
                    {
                        BreakerMaxPause = pause,
                    }
                    : null
        ),
    ];
}
