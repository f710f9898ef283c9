namespace CachingProxy.Configuration;

/// <summary>The settings of where the cache is kept, and how much of it.</summary>
internal static class StoreSettings
{
    public static IReadOnlyList<Setting> All { get; } =
    [
        new(
            "store",
            "WHERE",
            "memory alone",
            "sqlite:PATH: keep the cache in a file as well, so that it survives a restart; redis://HOST: share it with other nodes",
            "give sqlite:PATH, the path of a file in a folder that exists, or "
                + "redis://[[USER]:PASSWORD@]HOST[:PORT][,HOST[:PORT]...][/DB], rediss:// for TLS",
            (settings, texts) => StoreSetting.Parse(texts[0]) is { } store ? settings with { Store = store } : null
        )
        {
            IsSecret = true,
        },
        new(
            "max-memory",
            "SIZE",
            "256MB",
            "Bound of the memory tier",
            "give 1MB to 1024GB",
            (settings, texts) =>
                Quantities.ParseBytes(texts[0]) is >= 1 << 20 and var bytes ? settings with { MaxMemoryBytes = bytes } : null
        ),
        new(
            "max-disk",
            "SIZE",
            "1GB",
            "Bound of the file of --store",
            "give 1MB to 1024GB",
            (settings, texts) => Quantities.ParseBytes(texts[0]) is >= 1 << 20 and var bytes ? settings with { MaxDiskBytes = bytes } : null
        ),
        new(
            "max-object-size",
            "SIZE",
            "64MB",
            "Bound of one stored body",
            SettingTable.SizeForm,
            (settings, texts) => Quantities.ParseBytes(texts[0]) is { } bytes ? settings with { MaxObjectBytes = bytes } : null
        ),
        new(
            "max-proxy-memory",
            "SIZE",
            "128MB",
            "Bound of the memory that all requests on /proxy hold together while they make their envelopes",
            "give 1MB to 1024GB",
            (settings, texts) =>
                Quantities.ParseBytes(texts[0]) is >= 1 << 20 and var bytes ? settings with { MaxProxyMemoryBytes = bytes } : null
        ),
    ];
}
