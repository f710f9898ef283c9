using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace CachingProxy.TestKit;

/// <summary>A Redis cluster of three servers of the test's own, each with a third of the slots and none with a replica.</summary>
public sealed class RedisCluster : IDisposable
{
    private const int Slots = 16384;

    private readonly TemporaryFolder _folder = new();

    private RedisCluster() { }

    public List<RedisServer> Servers { get; } = [];

    public static async Task<RedisCluster> StartAsync()
    {
        var cluster = new RedisCluster();
        for (var number = 0; number < 3; number++)
        {
            var bus = FreePort();
            cluster.Servers.Add(
                await RedisServer.StartAsync(
                    "--cluster-enabled",
                    "yes",
                    "--cluster-port",
                    $"{bus}",
                    "--cluster-config-file",
                    cluster._folder.File($"nodes-{number}.conf"),
                    "--cluster-require-full-coverage",
                    "no",
                    "--cluster-node-timeout",
                    "1000"
                )
            );
            var first = number * Slots / 3;
            var last = ((number + 1) * Slots / 3) - 1;
            await cluster.Servers[number].CommandAsync("CLUSTER", "ADDSLOTSRANGE", $"{first}", $"{last}");
            if (number > 0)
            {
                await cluster.Servers[0].CommandAsync("CLUSTER", "MEET", "127.0.0.1", $"{cluster.Servers[number].Port}", $"{bus}");
            }
        }

        foreach (var server in cluster.Servers)
        {
            await Eventually.IsAsync(async () =>
                await server.ReadAllAsync("CLUSTER", "INFO") is var info
                && info.Contains("cluster_state:ok")
                && info.Contains($"cluster_slots_ok:{Slots}")
                && info.Contains("cluster_known_nodes:3")
            );
        }

        return cluster;
    }

    /// <summary>The server that has a key, as Redis reckons it.</summary>
    public async Task<RedisServer> OwnerOfAsync(string key, RedisServer? asked = null)
    {
        var slot = int.Parse(
            (await (asked ?? Servers[0]).CommandAsync("CLUSTER", "KEYSLOT", key)).TrimStart(':'),
            CultureInfo.InvariantCulture
        );
        return Servers.Single(server => Servers.IndexOf(server) * Slots / 3 <= slot && slot < (Servers.IndexOf(server) + 1) * Slots / 3);
    }

    public void Dispose()
    {
        Servers.ForEach(server => server.Dispose());
        _folder.Dispose();
    }

    private static int FreePort()
    {
        using var free = new TcpListener(IPAddress.Loopback, 0);
        free.Start();
        return ((IPEndPoint)free.LocalEndpoint).Port;
    }
}
