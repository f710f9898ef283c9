using System.Security.Cryptography;
using CachingProxy.Admin;
using CachingProxy.AspNetCore;
using CachingProxy.Configuration;
using CachingProxy.Core;
using CachingProxy.Core.Limits;
using CachingProxy.Core.Stores;
using CachingProxy.Core.Stores.Memory;
using CachingProxy.Core.Telemetry;
using CachingProxy.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CachingProxy.Serving;

/// <summary>The server: settings become the engine, its faces, and a Kestrel that listens.</summary>
internal sealed partial class ProxyServer : IAsyncDisposable
{
    /// <summary>How long requests in flight may take to finish after a stop was asked for.</summary>
    public static readonly TimeSpan DrainTimeout = TimeSpan.FromSeconds(10);

    private readonly WebApplication _application;
    private readonly OriginFactory _origins;
    private readonly RequestPipeline _pipeline;
    private readonly SlowClients _slowClients;
    private readonly Monitoring _monitoring;

    private ProxyServer(
        WebApplication application,
        RequestPipeline pipeline,
        CacheEngine engine,
        OriginFactory origins,
        ISecondTier? secondTier,
        SlowClients slowClients,
        Monitoring monitoring
    )
    {
        _monitoring = monitoring;
        _pipeline = pipeline;
        _slowClients = slowClients;
        _application = application;
        _origins = origins;
        SecondTier = secondTier;
        Engine = engine;
    }

    /// <summary>The engine.</summary>
    public CacheEngine Engine { get; }

    /// <summary>The events of requests, fills and purges.</summary>
    public CacheEvents Events => _monitoring.Events;

    /// <summary>The second tier; null where there is none.</summary>
    public ISecondTier? SecondTier { get; }

    /// <summary>The address that the server listens on, with the port that was taken.</summary>
    public Uri Address => AddressOf(_application);

    /// <summary>Builds everything and begins to listen.</summary>
    /// <exception cref="IOException">The port is in use.</exception>
    /// <exception cref="Sqlite.RefusedFileException">The file that is to be behind the memory is not ours.</exception>
    /// <exception cref="LogFileException">The file of the access log cannot be written.</exception>
    /// <exception cref="Sqlite.FileInUseException">Another process uses the file that is to be behind the memory.</exception>
    /// <exception cref="Redis.RefusedServerException">The server that is to be behind the memory cannot be used as it is
    /// configured.</exception>
    /// <exception cref="System.Net.Sockets.SocketException">The address is not this machine's, or this user may not use the
    /// port.</exception>
    public static async Task<ProxyServer> StartAsync(ProxySettings settings, ServerDependencies dependencies)
    {
        // A bare line feed ends no line: two servers could read such a request differently.
        AppContext.SetSwitch("Microsoft.AspNetCore.Server.Kestrel.DisableHttp1LineFeedTerminators", true);
        // Compressed content that is cut off is an error, not the end.
        AppContext.SetSwitch("System.IO.Compression.UseStrictValidation", true);
        var descriptors = DescriptorLimit.Raise();
        var memory = MemoryLimit.Current;
        var asked = settings;
        settings = memory.Fit(settings) with { MaxFetches = descriptors.FetchesOf(settings.MaxFetches) };
        var maxConnections = descriptors.ConnectionsBeside(settings.MaxFetches);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        var signals = OtlpSignals.Of(Environment.GetEnvironmentVariable);
        Messages.Configure(builder.Logging, settings);
        if (signals.Logs)
        {
            OpenTelemetryExport.ExportMessages(builder.Logging, builder.Configuration);
        }

        builder
            .Services.AddSingleton(dependencies.Time)
            .AddSingleton(settings)
            .AddSingleton<ClientConnections>()
            .AddSingleton<CacheEvents>()
            .AddSingleton<MalformedRequests>()
            .AddSingleton(services => new ConnectionLimit(
                maxConnections,
                dependencies.Time,
                services.GetRequiredService<ILogger<ConnectionLimit>>()
            ));
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = DrainTimeout);
        builder.Services.Configure<ConsoleLifetimeOptions>(console => console.SuppressStatusMessages = true);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => Listeners.Configure(kestrel, settings));
        // If several listener factories are registered, Kestrel uses the last one.
        builder.Services.AddSingleton<SocketTransportFactory>().AddSingleton<IConnectionListenerFactory, BoundedListenerFactory>();
        var application = builder.Build();

        ISecondTier? secondTier = null;
        Monitoring? monitoring = null;
        try
        {
            var loggers = application.Services.GetRequiredService<ILoggerFactory>();
            monitoring = Monitoring.Start(
                settings,
                signals,
                dependencies.Time,
                application.Services.GetRequiredService<CacheEvents>(),
                loggers
            );
            secondTier = SecondTierFactory.Open(settings, dependencies, loggers);
            var pseudonym = NewPseudonym();
            var store = new MemoryStore(new MemoryStoreOptions { MaxBytes = settings.MaxMemoryBytes });
            var engine = new CacheEngine(
                store,
                new CacheEngineOptions
                {
                    Pseudonym = pseudonym,
                    MaxGrowingBytes = memory.Growing,
                    Events = monitoring.Events,
                },
                dependencies.Time,
                loggers.CreateLogger<CacheEngine>(),
                secondTier
            );
            await engine.OpenAsync();
            var port = new MainPort();
            // Clients and origins have separate counters, so that client names, which clients can invent, cannot displace origins.
            var counter = CounterOf(secondTier, dependencies.Time);
            var origins = new OriginFactory(settings, dependencies, CounterOf(secondTier, dependencies.Time), loggers);
            var pipeline = PipelineFactory.Create(
                application.Services,
                settings,
                dependencies,
                engine,
                store,
                secondTier,
                pseudonym,
                origins,
                counter,
                monitoring,
                port
            );
            application.Run(context => pipeline.InvokeAsync(Exchange.Of(context, dependencies.Time)));
            var slowClients = new SlowClients(
                application.Services.GetRequiredService<ConnectionLimit>(),
                origins.Slots,
                settings.ClientTimeout,
                dependencies.Time,
                loggers.CreateLogger<SlowClients>()
            );
            if (monitoring.Metrics is { } metrics)
            {
                MetricSources.Attach(metrics, engine, store, secondTier);
                MetricSources.Attach(metrics, origins);
                MetricSources.Attach(metrics, application.Services, pipeline, slowClients);
            }

            await application.StartAsync();
            port.Number = AddressOf(application).Port;
            slowClients.Start();
            if (maxConnections < DescriptorLimit.MaxConnections)
            {
                LogDescriptors(loggers.CreateLogger<ProxyServer>(), descriptors.Descriptors, maxConnections, settings.MaxFetches);
            }

            if (settings.OriginInsecure)
            {
                LogInsecure(loggers.CreateLogger<ProxyServer>());
            }

            if (settings.MaxMemoryBytes < asked.MaxMemoryBytes || settings.MaxProxyMemoryBytes < asked.MaxProxyMemoryBytes)
            {
                LogMemory(
                    loggers.CreateLogger<ProxyServer>(),
                    memory.Bytes >> 20,
                    settings.MaxMemoryBytes >> 20,
                    settings.MaxProxyMemoryBytes >> 20
                );
            }

            return new ProxyServer(application, pipeline, engine, origins, secondTier, slowClients, monitoring);
        }
        catch
        {
            await application.DisposeAsync();
            await (secondTier?.DisposeAsync() ?? ValueTask.CompletedTask);
            await (monitoring?.DisposeAsync() ?? ValueTask.CompletedTask);
            throw;
        }
    }

    /// <summary>The number of requests that are being answered now.</summary>
    public int RequestsInFlight => _pipeline.InFlight;

    /// <summary>Makes the access log reopen its file before the next line. Returns false if no file is configured.</summary>
    public bool ReopenLog()
    {
        _monitoring.AccessLog?.Reopen();
        return _monitoring.HasLogFile;
    }

    /// <summary>Waits until a stop is asked for (Ctrl-C, SIGTERM) and requests in flight have finished.</summary>
    public Task WaitForShutdownAsync() => _application.WaitForShutdownAsync();

    /// <summary>Stops: no new connections, requests in flight finish within <see cref="DrainTimeout"/>.</summary>
    public Task StopAsync() => _application.StopAsync();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _application.DisposeAsync();
        await _slowClients.DisposeAsync();
        _origins.Dispose();
        await (SecondTier?.DisposeAsync() ?? ValueTask.CompletedTask);
        await _monitoring.DisposeAsync();
    }

    private static Uri AddressOf(WebApplication application) =>
        new(application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    // Nodes that share a tier share their limits; while the tier is unavailable, each node counts by itself.
    private static IRateCounter CounterOf(ISecondTier? secondTier, TimeProvider time)
    {
        var local = new RateCounter(time);
        return secondTier?.Rates is { } shared ? new SharedRateCounter(shared, local) : local;
    }

    [LoggerMessage(
        120,
        LogLevel.Warning,
        "The system permits {Descriptors} open files: at most {Connections} connections at once, and {Fetches} fetches from one "
            + "origin; raise the limit with ulimit -n"
    )]
    private static partial void LogDescriptors(ILogger logger, long descriptors, int connections, int fetches);

    [LoggerMessage(
        124,
        LogLevel.Warning,
        "The certificate of the origin is NOT checked (--origin-insecure): whoever is on the way can read and change everything"
    )]
    private static partial void LogInsecure(ILogger logger);

    [LoggerMessage(
        122,
        LogLevel.Warning,
        "This process may have {Mebibytes} MiB: at most {Stored} MiB of it are for the memory tier, and {Proxy} MiB for /proxy"
    )]
    private static partial void LogMemory(ILogger logger, long mebibytes, long stored, long proxy);

    // Each instance has a name of its own, so that a request that passes two instances is not taken for a loop.
    private static string NewPseudonym() => $"caching-proxy-{RandomNumberGenerator.GetHexString(8, lowercase: true)}";
}
