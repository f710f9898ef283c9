using CachingProxy.Configuration;
using CachingProxy.Core.Limits;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Origins;
using CachingProxy.Http.Targets;
using CachingProxy.Http.Upstream;
using Microsoft.Extensions.Logging;

namespace CachingProxy.Serving;

/// <summary>Makes the origins of all faces, which share what they know of each server: how busy it is, and whether it is down.</summary>
internal sealed class OriginFactory : IDisposable
{
    private readonly ServerDependencies _dependencies;
    private readonly HttpOriginOptions _options;
    private readonly bool _isOffline;
    private readonly OriginSlots _slots;
    private readonly OriginAvailability _availability;
    private readonly List<HttpOrigin> _created = [];

    public OriginFactory(ProxySettings settings, ServerDependencies dependencies, IRateCounter counter, ILoggerFactory loggers)
    {
        var quota = new OriginQuota(settings.OriginRateLimits, counter, settings.OriginQueueTimeout, dependencies.Time);
        Quota = quota;
        var limits = new OriginLimits
        {
            MaxExchanges = settings.MaxFetches,
            MaxHold = settings.BreakerMaxPause,
            MaxFailures = settings.BreakerMaxPause > TimeSpan.Zero ? new OriginLimits().MaxFailures : int.MaxValue,
        };
        _options = (
            dependencies.Origin ?? new HttpOriginOptions { HeadTimeout = settings.OriginTimeout, IdleTimeout = settings.OriginTimeout }
        ) with
        {
            TrustedIssuers = settings.OriginIssuers,
            UncheckedHosts = settings is { OriginInsecure: true, Origin: { } url } ? [url.IdnHost] : [],
            Proxy = settings.OriginProxy,
            BeforeResend = quota.WaitAsync,
        };
        _dependencies = dependencies;
        _isOffline = settings.Offline;
        _slots = new OriginSlots(limits, dependencies.Time);
        _availability = new OriginAvailability(limits, dependencies.Time, loggers.CreateLogger<OriginAvailability>());
    }

    /// <summary>How often each origin may be asked.</summary>
    public OriginQuota Quota { get; }

    /// <summary>The slots, which limit the requests to each origin at once.</summary>
    public OriginSlots Slots => _slots;

    /// <summary>The number of requests that were sent again, because their connection broke before an answer.</summary>
    public long Retries => _created.Sum(origin => origin.Retries);

    /// <summary>The origins that are held to be down.</summary>
    public OriginAvailability Availability => _availability;

    /// <summary>Makes an origin that is reached only as <paramref name="guard"/> permits.</summary>
    public IOrigin Create(TargetGuard guard)
    {
        if (_isOffline)
        {
            return new OfflineOrigin();
        }

        var origin = new HttpOrigin(guard, _options, _dependencies.Time);
        _created.Add(origin);
        return new ProtectedOrigin(origin, _slots, _availability, Quota, _dependencies.Time);
    }

    /// <inheritdoc/>
    public void Dispose() => _created.ForEach(origin => origin.Dispose());
}
