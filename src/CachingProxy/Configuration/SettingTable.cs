namespace CachingProxy.Configuration;

/// <summary>
/// All settings, in the order of the help. To add one, add a row to one of the lists, a property of <see cref="ProxySettings"/>, and a row
/// of docs/configuration.md.
/// </summary>
internal static class SettingTable
{
    /// <summary>The form of durations, for the error.</summary>
    public const string DurationForm = "give 0 to 365d, in seconds or with units: 15, 500ms, 1.5h, 1h30m, 7d";

    /// <summary>The form of timeouts, for the error.</summary>
    public const string TimeoutForm = "give 1ms to 24h, in seconds or with units: 15, 500ms, 1.5h, 1h30m";

    /// <summary>The form of sizes, for the error.</summary>
    public const string SizeForm = "give bytes up to 1024GB, or with a unit: 64KB, 256MB, 1GB (MB and MiB both are 1024 KB)";

    public static IReadOnlyList<Setting> All { get; } =
    [
        .. ListenerSettings.All,
        .. OriginSettings.All,
        .. CachingSettings.All,
        .. StoreSettings.All,
        .. AccessSettings.All,
        .. LimitSettings.All,
        .. TelemetrySettings.All,
    ];
}
