namespace CachingProxy.Configuration;

/// <summary>The settings of where the proxy listens, and how patient it is with clients.</summary>
internal static class ListenerSettings
{
    public static IReadOnlyList<Setting> All { get; } =
    [
        new(
            "port",
            "N",
            "8000",
            "Port to listen on; 0 takes a free one",
            "give a port from 0 to 65535",
            (settings, texts) => SettingValues.ParseCount(texts[0], 0, 65535) is { } port ? settings with { Port = port } : null
        ),
        new(
            "host",
            "ADDRESS",
            "127.0.0.1",
            "Address to listen on; * for all",
            "give an IP address, localhost, or *",
            (settings, texts) =>
                SettingValues.ParseAddress(texts[0]) is { } address
                    ? settings with
                    {
                        Host = address,
                        ListensOnLocalhost = texts[0] == "localhost",
                    }
                    : null
        ),
        new(
            "admin-port",
            "N",
            "none",
            "Port of its own for /cache, /metrics, /docs and all our paths but /proxy; they are the origin's on --port then",
            "give a port from 0 to 65535",
            (settings, texts) => SettingValues.ParseCount(texts[0], 0, 65535) is { } port ? settings with { AdminPort = port } : null
        ),
        new(
            "admin-host",
            "ADDRESS",
            "127.0.0.1",
            "Address of --admin-port; * for all",
            "give an IP address, localhost, or *",
            (settings, texts) => SettingValues.ParseAddress(texts[0]) is { } address ? settings with { AdminHost = address } : null
        ),
        new(
            "client-timeout",
            "TIME",
            "30",
            "How long a client may take nothing of its response, or send nothing of its content",
            "give 1s to 24h, in seconds or with units: 15, 1.5m, 1h30m",
            (settings, texts) =>
                SettingValues.ParseTimeout(texts[0]) is { TotalSeconds: >= 1 } timeout ? settings with { ClientTimeout = timeout } : null
        ),
    ];
}
