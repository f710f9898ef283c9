using CachingProxy.Access;
using CachingProxy.Admin;
using CachingProxy.AspNetCore;
using CachingProxy.AspNetCore.Gate;
using CachingProxy.Configuration;
using CachingProxy.Core;
using CachingProxy.Core.Limits;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Stores;
using CachingProxy.Core.Stores.Memory;
using CachingProxy.Core.Telemetry;
using CachingProxy.Http.Targets;
using CachingProxy.Http.Upstream;
using CachingProxy.JsonProxy;
using CachingProxy.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CachingProxy.Serving;

/// <summary>Wires what is behind the listener: the gate, our own paths, and the faces of the engine.</summary>
internal static class PipelineFactory
{
    /// <summary>Makes the pipeline that every request takes to the engine, and the faces of the engine.</summary>
    public static RequestPipeline Create(
        IServiceProvider services,
        ProxySettings settings,
        ServerDependencies dependencies,
        CacheEngine engine,
        MemoryStore store,
        ISecondTier? secondTier,
        string pseudonym,
        OriginFactory origins,
        IRateCounter counter,
        Monitoring monitoring,
        MainPort port
    )
    {
        byte[]? secret() => secondTier?.SharedSecret;
        var originBase = settings.Origin is null ? null : new OriginBase(settings.Origin);
        var originFields = new OriginFields(settings.OriginFields);
        var lifetime = services.GetRequiredService<IHostApplicationLifetime>();
        var hosts = new AllowedHosts(settings.AllowedHosts, settings.Host);
        var trust = new LocalTrust(hosts);
        var targets = new ProxyTargetParser(originBase);
        var limits = new ClientLimits(
            new ClientLimitOptions
            {
                Limits = settings.RateLimits,
                Field = settings.RateLimitField,
                CountsHits = settings.RateLimitHits,
            },
            counter
        );
        var memory = new ProxyMemory(settings.MaxProxyMemoryBytes);
        monitoring.Metrics?.Observe(Instruments.ProxyBytes, () => memory.TakenBytes);
        var everybody = new TargetPolicy { Origin = settings.Origin, Allowed = settings.AllowedTargets };
        var local = new TargetPolicy
        {
            Origin = settings.Origin,
            Allowed = settings.AllowedTargets,
            PermitsPrivate = settings.ListensOnLoopbackAlone,
        };
        var faces = new ProxyFaces(CreateProxyFace("proxy", everybody), CreateProxyFace("proxy-local", local));
        var reverseProxy = CreateReverseProxy(
            settings,
            originFields,
            dependencies,
            engine,
            secret,
            pseudonym,
            origins,
            limits,
            lifetime.ApplicationStopping
        );
        var redaction = new Redaction(settings.RedactedParameters);
        var purged = new PurgeTargets(targets, originBase, hosts);
        var named = new NamedUrl(purged, port);
        var stats = new StatsResource(engine, store, monitoring.Statistics, origins.Availability, redaction, dependencies.Time);
        var routes = new AdminRoutes(
            new AdminAuthentication(settings.AdminToken, trust, new WrongTokens(dependencies.Time)),
            new AdminResources(
                new ProxyEndpoint(engine, targets, faces, trust, limits, pseudonym),
                new CacheResource(engine, new PurgeParameters(purged), originBase, port),
                new EntriesResource(engine, secondTier, originBase, named),
                new ExplainResource(engine, reverseProxy?.Face, originBase, faces, trust, named, monitoring.Statistics),
                stats,
                new EventsResource(new LiveEvents(monitoring.Events), redaction, dependencies.Time, lifetime.ApplicationStopping),
                new ConfigResource(settings),
                new HealthResource(lifetime, secondTier, origins.Availability, originBase),
                new MetricsResource(services, monitoring.Collector),
                new DocsResource(services)
            )
        );
        var pipeline = new RequestPipeline(
            new TrustedProxies(settings.TrustedProxies, settings.TrustsForwardedScheme, settings.TrustsForwardedHost),
            new RequestGate(hosts, pseudonym),
            new CrossSiteGuard(originFields.HasCredentials, settings.AllowedOrigins),
            routes,
            settings.AdminPort is not null,
            reverseProxy,
            settings.ClientTimeout,
            dependencies.Time,
            monitoring.Events,
            services.GetRequiredService<ILogger<RequestPipeline>>()
        );
        stats.ActiveRequests = () => pipeline.InFlight;
        return pipeline;

        (CacheFace, TargetGuard) CreateProxyFace(string name, TargetPolicy policy)
        {
            var guard = new TargetGuard(policy, dependencies.Resolve);
            IOrigin origin = origins.Create(guard);
            if (originBase is not null)
            {
                origin = new OriginWithFields(origin, originBase.Authority, originFields);
            }

            var cachePolicy = PolicyOf(settings) with
            {
                TtlMode = TtlMode.Override,
                SetCookie = SetCookieHandling.Refuse,
                StripCookies = true,
                StaleDespiteSharedMaxAge = false,
                SendTags = false,
                OnlySuccesses = true,
            };
            var scope = new FaceScope(
                [
                    .. originFields.Texts,
                    $"origin {originBase?.Authority}",
                    .. settings.AllowedTargets.Select(target => $"target {target}"),
                    $"private {policy.PermitsPrivate}",
                ],
                secret
            );
            return (
                new CacheFace(name, new JsonOrigin(origin, guard, originBase, memory, settings.MaxObjectBytes), cachePolicy)
                {
                    Scope = scope,
                },
                guard
            );
        }
    }

    private static ReverseProxy? CreateReverseProxy(
        ProxySettings settings,
        OriginFields originFields,
        ServerDependencies dependencies,
        CacheEngine engine,
        Func<byte[]?> secret,
        string pseudonym,
        OriginFactory origins,
        ClientLimits limits,
        CancellationToken stopping
    )
    {
        if (settings.Origin is null)
        {
            return null;
        }

        var guard = new TargetGuard(new TargetPolicy { Origin = settings.Origin, PermitsPublic = false }, dependencies.Resolve);
        return new ReverseProxy(
            engine,
            origins.Create(guard),
            new ReverseProxyOptions
            {
                Origin = settings.Origin,
                Pseudonym = pseudonym,
                OriginFields = originFields,
                RewritesReferences = settings.RewriteLocation,
                Stopping = stopping,
                Limits = limits,
                Scope = new FaceScope(
                    [.. originFields.Texts, $"cookies {settings.SetCookie} {settings.StripCookies}", $"tags {settings.SendTags}"],
                    secret
                ),
                Policy = PolicyOf(settings),
            }
        );
    }

    private static CachePolicy PolicyOf(ProxySettings settings) =>
        new()
        {
            TimeToLive = settings.TimeToLive,
            TtlMode = settings.TtlMode,
            SetCookie = settings.SetCookie,
            StripCookies = settings.StripCookies,
            StaleDespiteSharedMaxAge = settings.StaleDespiteSharedMaxAge,
            WaitTimeout = settings.WaitTimeout,
            UncacheableTimeToLive = settings.UncacheableTimeToLive,
            EarlyRefresh = settings.EarlyRefresh,
            StaleIfError = settings.StaleIfError,
            StaleWhileRevalidate = settings.StaleWhileRevalidate,
            IsOffline = settings.Offline,
            SendTags = settings.SendTags,
            MaxObjectBytes = settings.MaxObjectBytes,
        };
}
