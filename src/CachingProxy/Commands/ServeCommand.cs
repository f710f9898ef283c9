using System.Net.Sockets;
using CachingProxy.Configuration;
using CachingProxy.Redis;
using CachingProxy.Serving;
using CachingProxy.Sqlite;
using CachingProxy.Telemetry;

namespace CachingProxy.Commands;

/// <summary>Serves until a stop is asked for.</summary>
internal static class ServeCommand
{
    // A switch that would make the framework believe the X-Forwarded-For of every client. It has no effect here, but an operator who sets
    // it expects one.
    private const string ForwardedHeadersSwitch = "ASPNETCORE_FORWARDEDHEADERS_ENABLED";

    public static async Task<int> RunAsync(ProxySettings settings)
    {
        if (string.Equals(Environment.GetEnvironmentVariable(ForwardedHeadersSwitch), "true", StringComparison.OrdinalIgnoreCase))
        {
            throw new SettingException(
                $"{ForwardedHeadersSwitch} is 'true'; this proxy trusts no client's X-Forwarded-* fields. Unset it."
            );
        }

        // On a terminal, the access log is on by default, for the person who sits there. A pipe gets an access log only if one was asked
        // for.
        var isForSomebody = settings.AccessLogFile is not null || !Console.IsOutputRedirected;
        var format = settings.AccessLogFile is null ? AccessLogFormat.Text : AccessLogFormat.Combined;
        settings = settings with { AccessLog = settings.AccessLog ?? (isForSomebody ? format : AccessLogFormat.Off) };
        ProxyServer server;
        try
        {
            server = await ProxyServer.StartAsync(settings, new ServerDependencies());
        }
        catch (Exception refused) when (refused is RefusedFileException or RefusedServerException)
        {
            throw new SettingException($"The store cannot be used: {refused.Message}");
        }
        catch (Exception failure) when (failure is FileInUseException or LogFileException)
        {
            await Console.Error.WriteLineAsync($"caching-proxy: {failure.Message}");
            return CommandLine.Failed;
        }
        catch (Exception failure) when (failure is IOException or SocketException)
        {
            await Console.Error.WriteLineAsync(
                $"caching-proxy: cannot listen on {settings.Host} port {settings.Port}: "
                    + $"{failure.InnerException?.Message ?? failure.Message}. Choose another with --port or --host."
            );
            return CommandLine.Failed;
        }

        await using (server)
        {
            using var signals = new StopSignals(server);
            await Console.Out.WriteLineAsync(StartLine(settings, server.Address));
            await server.WaitForShutdownAsync();
        }

        return CommandLine.Ok;
    }

    private static string StartLine(ProxySettings settings, Uri address)
    {
        // If the server listens on all addresses, show one that a local browser can open.
        var shown = address.Host is "[::]" or "0.0.0.0" ? new UriBuilder(address) { Host = "localhost" }.Uri : address;
        var root = shown.GetLeftPart(UriPartial.Authority);
        var origin = settings.Origin is null
            ? "no origin, absolute URLs on /proxy only"
            : $"origin {settings.Origin.AbsoluteUri.TrimEnd('/')}";
        return $"caching-proxy listens on {root} ({origin}, ttl {(long)settings.TimeToLive.TotalSeconds} s), docs at {root}/docs";
    }
}
