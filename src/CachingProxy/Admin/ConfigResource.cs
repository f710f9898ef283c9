using CachingProxy.AspNetCore;
using CachingProxy.AspNetCore.Gate;
using CachingProxy.Configuration;

namespace CachingProxy.Admin;

/// <summary>Answers <c>/cache/config</c>: each setting as it is in force, and where it comes from. Secrets are masked.</summary>
internal sealed class ConfigResource(ProxySettings settings)
{
    public Task GetAsync(Exchange exchange, GuardedRequest guarded)
    {
        var all = SettingTable.All.Select(setting =>
            settings.Sources.TryGetValue(setting.Name, out var given)
                ? new ApiSetting(setting.Name, setting.Show(given.Texts), given.Source)
                : new ApiSetting(setting.Name, setting.Default, "default")
        );
        return ApiAnswer.WriteAsync(exchange, 200, new ApiConfig(true, [.. all]), ApiJson.Readable.ApiConfig);
    }
}
