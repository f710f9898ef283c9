using CachingProxy.Core.Messages;

namespace CachingProxy.Configuration;

/// <summary>The settings of what is cached, for how long, and how it is served.</summary>
internal static class CachingSettings
{
    public static IReadOnlyList<Setting> All { get; } =
    [
        new(
            "ttl",
            "TIME",
            "60",
            "Time to live in seconds, or 15s, 5m, 1h30m",
            SettingTable.DurationForm,
            (settings, texts) => Quantities.ParseDuration(texts[0]) is { } ttl ? settings with { TimeToLive = ttl } : null
        )
        {
            Environment = "CACHE_TTL",
            OtherEnvironment = "CACHING_PROXY_TTL",
        },
        new(
            "ttl-mode",
            "MODE",
            "respect",
            "respect: RFC 9111 decides, the TTL is for responses that state no lifetime; override: the TTL decides",
            "give respect or override",
            (settings, texts) => SettingValues.ParseEnum<TtlMode>(texts[0]) is { } mode ? settings with { TtlMode = mode } : null
        ),
        new(
            "set-cookie",
            "HOW",
            "refuse",
            "How to treat a cacheable response with Set-Cookie: refuse to store it, strip the field, or store it whole",
            "give refuse, strip or store",
            (settings, texts) =>
                SettingValues.ParseEnum<SetCookieHandling>(texts[0]) is { } handling ? settings with { SetCookie = handling } : null
        ),
        Setting.Switch(
            "strip-cookies",
            isOn: false,
            "Remove cookies in both directions",
            (settings, isOn) => settings with { StripCookies = isOn }
        ),
        Setting.Switch(
            "rewrite-location",
            isOn: true,
            "Rewrite Location, Refresh and cookies that name the origin, so that clients come back here",
            (settings, isOn) => settings with { RewriteLocation = isOn }
        ),
        Setting.Switch(
            "send-tags",
            isOn: false,
            "Send Cache-Tag, Surrogate-Key and xkey on to clients",
            (settings, isOn) => settings with { SendTags = isOn }
        ),
        Setting.Switch(
            "stale-despite-s-maxage",
            isOn: false,
            "Obey stale-while-revalidate even if the response has s-maxage",
            (settings, isOn) => settings with { StaleDespiteSharedMaxAge = isOn }
        ),
        new(
            "stale-if-error",
            "TIME",
            "0",
            "How long an expired response without stale-if-error may be served if the origin fails (429, 5xx, unreachable, too slow)",
            SettingTable.DurationForm,
            (settings, texts) => Quantities.ParseDuration(texts[0]) is { } time ? settings with { StaleIfError = time } : null
        ),
        new(
            "stale-while-revalidate",
            "TIME",
            "0",
            "How long an expired response without stale-while-revalidate is served while it is refreshed",
            SettingTable.DurationForm,
            (settings, texts) => Quantities.ParseDuration(texts[0]) is { } time ? settings with { StaleWhileRevalidate = time } : null
        ),
        Setting.Switch(
            "offline",
            isOn: false,
            "Never ask an origin: serve what is stored, however old, and answer 504 to everything else",
            (settings, isOn) => settings with { Offline = isOn }
        ),
        new(
            "early-refresh",
            "PERCENT",
            "0",
            "Percentage of the lifetime, at its end, in which a request starts a refresh in the background; 0 for never",
            "give 0 to 90 percent of the lifetime",
            (settings, texts) =>
                SettingValues.ParseCount(texts[0].TrimEnd('%'), 0, 90) is { } percent
                    ? settings with
                    {
                        EarlyRefresh = percent / 100d,
                    }
                    : null
        ),
        new(
            "uncacheable-ttl",
            "TIME",
            "120",
            "How long the proxy remembers that a response could not be shared, and lets no request for that URL wait for another",
            SettingTable.DurationForm,
            (settings, texts) => Quantities.ParseDuration(texts[0]) is { } ttl ? settings with { UncacheableTimeToLive = ttl } : null
        ),
        new(
            "wait-timeout",
            "TIME",
            "10",
            "How long a request waits for the head of another request's fetch",
            SettingTable.TimeoutForm,
            (settings, texts) => SettingValues.ParseTimeout(texts[0]) is { } timeout ? settings with { WaitTimeout = timeout } : null
        ),
    ];
}
