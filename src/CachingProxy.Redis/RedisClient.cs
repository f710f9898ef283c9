using StackExchange.Redis;

namespace CachingProxy.Redis;

/// <summary>Configures StackExchange.Redis: sets short time limits, and uses only what a user with rights on our own keys may do.</summary>
internal static class RedisClient
{
    /// <summary>Returns the configuration for the servers that options name.</summary>
    public static ConfigurationOptions Configure(RedisStoreOptions options)
    {
        var configuration = new ConfigurationOptions
        {
            AbortOnConnectFail = false,
            ConnectTimeout = 1000,
            SyncTimeout = 1000,
            AsyncTimeout = 2000,
            KeepAlive = 5,
            ConnectRetry = 1,
            ClientName = "caching-proxy",
            User = options.User,
            Password = options.Password,
            DefaultDatabase = options.Database,
            Ssl = options.UseTls,
            SslHost = options.UseTls && options.Servers.Count == 1 ? options.Servers[0].Host : null,
            Protocol = RedisProtocol.Resp3,
            // A call that cannot be sent at once fails at once, and the request goes on with a miss.
            BacklogPolicy = BacklogPolicy.FailFast,
            // Uses no keys and no channels but our own: our user may have rights to these alone.
            TieBreaker = "",
            ConfigurationChannel = "",
            ReconnectRetryPolicy = new ExponentialRetry(250, 2000),
        };
        foreach (var server in options.Servers)
        {
            configuration.EndPoints.Add(server);
        }

        return configuration;
    }

    /// <summary>Returns true if an exception means that a call failed, was cancelled, or found its connection closed.</summary>
    public static bool IsFailure(Exception failure) =>
        failure
            is RedisException
                or TimeoutException
                or ObjectDisposedException
                or OperationCanceledException
                or System.Net.Sockets.SocketException
                or AggregateException;
}
