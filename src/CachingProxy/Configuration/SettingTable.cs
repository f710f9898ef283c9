using System.Globalization;
using System.Net;
using CachingProxy.AspNetCore.Gate;
using CachingProxy.Core.Keys;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Parsing;
using CachingProxy.Http.Targets;
using Microsoft.Extensions.Primitives;

namespace CachingProxy.Configuration;

/// <summary>
/// All settings, in the order of the help. To add one, add a row, a property of <see cref="ProxySettings"/>, and a row of
/// docs/configuration.md.
/// </summary>
internal static class SettingTable
{
    private const string DurationForm = "give 0 to 365d, in seconds or with units: 15, 500ms, 1.5h, 1h30m, 7d";
    private const string TimeoutForm = "give 1ms to 24h, in seconds or with units: 15, 500ms, 1.5h, 1h30m";
    private const string SizeForm = "give bytes up to 1024GB, or with a unit: 64KB, 256MB, 1GB (MB and MiB both are 1024 KB)";

    // Timers run no longer than 49 days.
    private static readonly TimeSpan MaxTimeout = TimeSpan.FromHours(24);

    public static IReadOnlyList<Setting> All { get; } =
    [
        new(
            "port",
            "CACHING_PROXY_PORT",
            "N",
            "8000",
            "Port to listen on; 0 takes a free one",
            "give a port from 0 to 65535",
            (settings, texts) => ParseCount(texts[0], 0, 65535) is { } port ? settings with { Port = port } : null
        ),
        new(
            "host",
            "CACHING_PROXY_HOST",
            "ADDRESS",
            "127.0.0.1",
            "Address to listen on; * for all",
            "give an IP address, localhost, or *",
            (settings, texts) =>
                ParseAddress(texts[0]) is { } address
                    ? settings with
                    {
                        Host = address,
                        ListensOnLocalhost = texts[0] == "localhost",
                    }
                    : null
        ),
        new(
            "origin",
            "CACHING_PROXY_ORIGIN",
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
            "ttl",
            "CACHE_TTL",
            "TIME",
            "60",
            "Time to live in seconds, or 15s, 5m, 1h30m",
            DurationForm,
            (settings, texts) => Quantities.ParseDuration(texts[0]) is { } ttl ? settings with { TimeToLive = ttl } : null
        )
        {
            OtherEnvironment = "CACHING_PROXY_TTL",
        },
        new(
            "ttl-mode",
            "CACHING_PROXY_TTL_MODE",
            "MODE",
            "respect",
            "respect: RFC 9111 decides, the TTL is for responses that state no lifetime; override: the TTL decides",
            "give respect or override",
            (settings, texts) => ParseEnum<TtlMode>(texts[0]) is { } mode ? settings with { TtlMode = mode } : null
        ),
        new(
            "set-cookie",
            "CACHING_PROXY_SET_COOKIE",
            "HOW",
            "refuse",
            "What becomes of a cacheable response with Set-Cookie: refuse to store it, strip the field, or store it whole",
            "give refuse, strip or store",
            (settings, texts) => ParseEnum<SetCookieHandling>(texts[0]) is { } handling ? settings with { SetCookie = handling } : null
        ),
        new(
            "strip-cookies",
            "CACHING_PROXY_STRIP_COOKIES",
            "BOOL",
            "false",
            "Remove cookies in both directions",
            "give true or false",
            (settings, texts) => ParseSwitch(texts[0]) is { } strip ? settings with { StripCookies = strip } : null
        )
        {
            IsSwitch = true,
        },
        new(
            "rewrite-location",
            "CACHING_PROXY_REWRITE_LOCATION",
            "BOOL",
            "true",
            "Rewrite Location, Refresh and cookies that speak of the origin, so that clients come back here",
            "give true or false",
            (settings, texts) => ParseSwitch(texts[0]) is { } rewrite ? settings with { RewriteLocation = rewrite } : null
        )
        {
            IsSwitch = true,
        },
        new(
            "stale-despite-s-maxage",
            "CACHING_PROXY_STALE_DESPITE_S_MAXAGE",
            "BOOL",
            "false",
            "Let stale-while-revalidate hold beside s-maxage",
            "give true or false",
            (settings, texts) => ParseSwitch(texts[0]) is { } permit ? settings with { StaleDespiteSharedMaxAge = permit } : null
        )
        {
            IsSwitch = true,
        },
        new(
            "wait-timeout",
            "CACHING_PROXY_WAIT_TIMEOUT",
            "TIME",
            "10",
            "How long a request waits for the head of another's fetch",
            TimeoutForm,
            (settings, texts) => ParseTimeout(texts[0]) is { } timeout ? settings with { WaitTimeout = timeout } : null
        ),
        new(
            "client-timeout",
            "CACHING_PROXY_CLIENT_TIMEOUT",
            "TIME",
            "30",
            "How long a client may take nothing of its response, or send nothing of its content",
            "give 1s to 24h, in seconds or with units: 15, 1.5m, 1h30m",
            (settings, texts) => ParseTimeout(texts[0]) is { TotalSeconds: >= 1 } timeout ? settings with { ClientTimeout = timeout } : null
        ),
        new(
            "uncacheable-ttl",
            "CACHING_PROXY_UNCACHEABLE_TTL",
            "TIME",
            "120",
            "How long nobody waits for what could not be shared",
            DurationForm,
            (settings, texts) => Quantities.ParseDuration(texts[0]) is { } ttl ? settings with { UncacheableTimeToLive = ttl } : null
        ),
        new(
            "early-refresh",
            "CACHING_PROXY_EARLY_REFRESH",
            "PERCENT",
            "0",
            "Last part of a lifetime in which a use sets off a refresh beside it; 0 for never",
            "give 0 to 90 percent of the lifetime",
            (settings, texts) =>
                ParseCount(texts[0].TrimEnd('%'), 0, 90) is { } percent ? settings with { EarlyRefresh = percent / 100d } : null
        ),
        new(
            "max-fetches",
            "CACHING_PROXY_MAX_FETCHES",
            "N",
            "512",
            "Most requests to one origin at once; up to 1024 more wait, further ones are a 503",
            "give 1 to 65535",
            (settings, texts) => ParseCount(texts[0], 1, 65535) is { } count ? settings with { MaxFetches = count } : null
        ),
        new(
            "send-tags",
            "CACHING_PROXY_SEND_TAGS",
            "BOOL",
            "false",
            "Send Cache-Tag, Surrogate-Key and xkey on to clients",
            "give true or false",
            (settings, texts) => ParseSwitch(texts[0]) is { } send ? settings with { SendTags = send } : null
        )
        {
            IsSwitch = true,
        },
        new(
            "max-memory",
            "CACHING_PROXY_MAX_MEMORY",
            "SIZE",
            "256MB",
            "Bound of the memory tier",
            "give 1MB to 1024GB",
            (settings, texts) =>
                Quantities.ParseBytes(texts[0]) is >= 1 << 20 and var bytes ? settings with { MaxMemoryBytes = bytes } : null
        ),
        new(
            "store",
            "CACHING_PROXY_STORE",
            "WHERE",
            "memory alone",
            "sqlite:PATH: keep the cache in a file as well, so that it survives a restart; redis://HOST: share it with other nodes",
            "give sqlite:PATH, the path of a file in a folder that exists, or redis://[[USER]:PASSWORD@]HOST[:PORT][,HOST[:PORT]...][/DB], rediss:// for TLS",
            (settings, texts) => StoreSetting.Parse(texts[0]) is { } store ? settings with { Store = store } : null
        )
        {
            IsSecret = true,
        },
        new(
            "max-disk",
            "CACHING_PROXY_MAX_DISK",
            "SIZE",
            "1GB",
            "Bound of the file of --store",
            "give 1MB to 1024GB",
            (settings, texts) => Quantities.ParseBytes(texts[0]) is >= 1 << 20 and var bytes ? settings with { MaxDiskBytes = bytes } : null
        ),
        new(
            "max-object-size",
            "CACHING_PROXY_MAX_OBJECT_SIZE",
            "SIZE",
            "64MB",
            "Bound of one stored body",
            SizeForm,
            (settings, texts) => Quantities.ParseBytes(texts[0]) is { } bytes ? settings with { MaxObjectBytes = bytes } : null
        ),
        new(
            "max-proxy-memory",
            "CACHING_PROXY_MAX_PROXY_MEMORY",
            "SIZE",
            "128MB",
            "Bound of what all requests on /proxy hold together while they make their envelopes",
            "give 1MB to 1024GB",
            (settings, texts) =>
                Quantities.ParseBytes(texts[0]) is >= 1 << 20 and var bytes ? settings with { MaxProxyMemoryBytes = bytes } : null
        ),
        new(
            "origin-header",
            "CACHING_PROXY_ORIGIN_HEADER",
            "'NAME: VALUE'",
            "none",
            "Sent with every request to the origin; repeatable",
            "give 'Name: value', the name a token other than Host, Connection, Range, If-* and their kind",
            (settings, texts) => ParseFields(texts) is { } fields ? settings with { OriginFields = fields } : null
        )
        {
            IsRepeatable = true,
            IsSecret = true,
            Separator = '\n',
        },
        new(
            "origin-timeout",
            "CACHING_PROXY_ORIGIN_TIMEOUT",
            "TIME",
            "60",
            "How long the origin may be silent, before the head of a response and within it",
            TimeoutForm,
            (settings, texts) => ParseTimeout(texts[0]) is { } timeout ? settings with { OriginTimeout = timeout } : null
        ),
        new(
            "origin-ca",
            "CACHING_PROXY_ORIGIN_CA",
            "FILE",
            "none",
            "Certificates of issuers that are trusted beside those of the system",
            "give a file with certificates in PEM or DER",
            (settings, texts) => OriginAccess.ParseIssuers(texts[0]) is { } issuers ? settings with { OriginIssuers = issuers } : null
        )
        {
            Explain = OriginAccess.ExplainIssuers,
        },
        new(
            "origin-insecure",
            "CACHING_PROXY_ORIGIN_INSECURE",
            "BOOL",
            "false",
            "Do not check the certificate of the origin: for development alone",
            "give true or false",
            (settings, texts) => ParseSwitch(texts[0]) is { } insecure ? settings with { OriginInsecure = insecure } : null
        )
        {
            IsSwitch = true,
        },
        new(
            "origin-proxy",
            "CACHING_PROXY_ORIGIN_PROXY",
            "URL",
            "none",
            "Proxy through which origins are reached; env for those that HTTP_PROXY, HTTPS_PROXY and NO_PROXY name",
            "give http://[USER:PASSWORD@]HOST[:PORT], the same with https or socks5, or env",
            (settings, texts) => OriginAccess.ParseProxy(texts[0]) is { } proxy ? settings with { OriginProxy = proxy } : null
        )
        {
            IsSecret = true,
        },
        new(
            "breaker-max-pause",
            "CACHING_PROXY_BREAKER_MAX_PAUSE",
            "TIME",
            "30",
            "For how long an origin that fails again and again is left alone at most; 0 for never",
            "give 0 to 24h, in seconds or with units: 15, 500ms, 1.5h, 1h30m",
            (settings, texts) =>
                Quantities.ParseDuration(texts[0]) is { } pause && pause <= MaxTimeout ? settings with { BreakerMaxPause = pause } : null
        ),
        new(
            "allowed-host",
            "CACHING_PROXY_ALLOWED_HOST",
            "HOST",
            "see docs",
            "A host name, with a port if any, that requests may use; * for any; repeatable",
            "give a host name, with a port if any, or *",
            (settings, texts) =>
                texts.All(text => text == "*" || UriNormalization.NormaliseHost("http", text) is not null)
                    ? settings with
                    {
                        AllowedHosts = [.. texts.Select(text => text == "*" ? text : UriNormalization.NormaliseHost("http", text)!)],
                    }
                    : null
        )
        {
            IsRepeatable = true,
        },
        new(
            "allow-origin",
            "CACHING_PROXY_ALLOW_ORIGIN",
            "ORIGIN",
            "none",
            "A site whose pages may send unsafe requests and open WebSockets although --origin-header carries credentials; * for any; repeatable",
            "give an origin, such as https://app.example.com, or *",
            (settings, texts) =>
                texts.All(text => text == "*" || CrossSiteGuard.Normalise(text) is not null)
                    ? settings with
                    {
                        AllowedOrigins = [.. texts.Select(text => text == "*" ? text : CrossSiteGuard.Normalise(text)!)],
                    }
                    : null
        )
        {
            IsRepeatable = true,
        },
        new(
            "allow-target",
            "CACHING_PROXY_ALLOW_TARGET",
            "TARGET",
            "none",
            "HOST or CIDR, with :PORT if any, that /proxy may reach although it is not public; repeatable",
            "give HOST or CIDR, with :PORT if any, such as api.local, 10.1.0.0/16:8080 or [fd00::/8]:8080",
            (settings, texts) =>
                texts.Select(AllowedTarget.Parse).ToList() is var targets && targets.All(target => target is not null)
                    ? settings with
                    {
                        AllowedTargets = [.. targets.Select(target => target!)],
                    }
                    : null
        )
        {
            IsRepeatable = true,
        },
        new(
            "admin-token",
            "CACHING_PROXY_ADMIN_TOKEN",
            "TOKEN",
            "none",
            "Bearer token for DELETE /cache and other operations",
            "give 1 to 1024 visible ASCII characters",
            (settings, texts) =>
                texts[0].Length is > 0 and <= 1024 && !texts[0].AsSpan().ContainsAnyExceptInRange('!', '~')
                    ? settings with
                    {
                        AdminToken = texts[0],
                    }
                    : null
        )
        {
            IsSecret = true,
        },
    ];

    private static bool? ParseSwitch(string text) =>
        text.ToLowerInvariant() switch
        {
            "true" or "on" => true,
            "false" or "off" => false,
            _ => null,
        };

    private static int? ParseCount(string text, int min, int max) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count >= min && count <= max ? count : null;

    private static IPAddress? ParseAddress(string text) =>
        text switch
        {
            "localhost" => IPAddress.Loopback,
            "*" => IPAddress.IPv6Any,
            // IPAddress reads 1.2 as 1.0.0.2; an address that is written short is more likely a mistake.
            _ => IPAddress.TryParse(text.Trim('[', ']'), out var address)
            && (text.Contains(':', StringComparison.Ordinal) || text.Count(c => c == '.') == 3)
                ? address
                : null,
        };

    private static TimeSpan? ParseTimeout(string text) =>
        Quantities.ParseDuration(text) is { } timeout && timeout >= TimeSpan.FromMilliseconds(1) && timeout <= MaxTimeout ? timeout : null;

    private static T? ParseEnum<T>(string text)
        where T : struct, Enum =>
        !text.AsSpan().ContainsAnyInRange('0', '9') && Enum.TryParse<T>(text, ignoreCase: true, out var value) ? value : null;

    // Fields that belong to one request, or to the connection: sent with every one, they would break the answers.
    private static bool IsOfExchange(string name) =>
        name.StartsWith("If-", StringComparison.OrdinalIgnoreCase)
        || name.ToUpperInvariant() is "HOST" or "CONTENT-LENGTH" or "EXPECT" or "RANGE" or "VIA" or "MAX-FORWARDS";

    private static List<KeyValuePair<string, StringValues>>? ParseFields(IReadOnlyList<string> texts)
    {
        var fields = new List<KeyValuePair<string, StringValues>>();
        foreach (var text in texts)
        {
            var colon = text.IndexOf(':', StringComparison.Ordinal);
            var name = colon < 0 ? "" : text[..colon].Trim();
            var value = colon < 0 ? "" : text[(colon + 1)..].Trim();
            if (
                !FieldSyntax.IsToken(name)
                || !FieldSyntax.IsValue(value)
                || value.Any(letter => letter > '\u00ff')
                || HopByHopFields.Contains(name)
                || IsOfExchange(name)
            )
            {
                return null;
            }

            fields.Add(new(name, value));
        }

        return fields;
    }
}
