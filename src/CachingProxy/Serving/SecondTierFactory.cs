using CachingProxy.Configuration;
using CachingProxy.Core.Stores;
using CachingProxy.Redis;
using CachingProxy.Sqlite;
using Microsoft.Extensions.Logging;

namespace CachingProxy.Serving;

/// <summary>
/// Opens the second tier that the settings name. To add a kind of store, add a case here and in <see cref="StoreSetting"/>.
/// </summary>
internal static class SecondTierFactory
{
    /// <summary>
    /// Opens the tier; returns null if there is only the memory. A tier that cannot be used now is returned too; look-ups in it are misses
    /// until it can be used.
    /// </summary>
    public static ISecondTier? Open(ProxySettings settings, ServerDependencies dependencies, ILoggerFactory loggers) =>
        settings.Store switch
        {
            StoreSetting.Sqlite(var path) => SqliteStore.Open(
                new SqliteStoreOptions
                {
                    Path = path,
                    MaxBytes = settings.MaxDiskBytes,
                    StaleRetention = settings.StaleRetention,
                },
                dependencies.Time,
                loggers.CreateLogger<SqliteStore>()
            ),
            StoreSetting.Redis(var servers, var user, var password, var database, var useTls) => new RedisStore(
                new RedisStoreOptions
                {
                    Servers = servers,
                    User = user,
                    Password = password,
                    Database = database,
                    UseTls = useTls,
                    StaleRetention = settings.StaleRetention,
                },
                dependencies.Time,
                loggers.CreateLogger<RedisStore>()
            ),
            _ => null,
        };
}
