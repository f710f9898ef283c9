using CachingProxy.AspNetCore.Gate;
using CachingProxy.Core.Keys;
using CachingProxy.Http.Targets;

namespace CachingProxy.Configuration;

/// <summary>The settings of who may ask for what.</summary>
internal static class AccessSettings
{
    public static IReadOnlyList<Setting> All { get; } =
    [
        new(
            "allowed-host",
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
            "ORIGIN",
            "none",
            "A site whose pages may send unsafe requests and open WebSockets although --origin-header carries credentials; * for "
                + "any; repeatable",
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
}
