using CachingProxy.Core.Origins;
using CachingProxy.Core.Telemetry;
using Microsoft.Extensions.Logging;

namespace CachingProxy.Serving;

/// <summary>
/// Looks once a second at the clients that are being answered. A client is cut if no byte moves for the client timeout while the proxy
/// waits for it. Where connections or fetch slots run short, the slowest are cut first, so that an attack by slowness holds nothing for
/// long, and a lone slow client is served.
/// </summary>
/// <param name="connections">The connections.</param>
/// <param name="slots">The fetch slots.</param>
/// <param name="maxStandstill">The client timeout: how long no byte may move while the proxy waits for a client.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Logs how many clients were cut, at most one line in 10 seconds.</param>
internal sealed partial class SlowClients(
    ConnectionLimit connections,
    OriginSlots slots,
    TimeSpan maxStandstill,
    TimeProvider time,
    ILogger<SlowClients> logger
) : IAsyncDisposable
{
    /// <summary>The bytes a second below which a client is cut when something runs short.</summary>
    public const double MinRate = 240;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly Occasionally _tell = new(TimeSpan.FromSeconds(10), time);
    private readonly PeriodicTimer _timer = new(Interval, time);
    private Task _watching = Task.CompletedTask;
    private long _cut;

    /// <summary>The number of clients that were cut, for taking nothing or for being slow.</summary>
    public long Cut => Volatile.Read(ref _cut);

    /// <summary>Begins to look.</summary>
    public void Start() => _watching = WatchAsync();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _timer.Dispose();
        await _watching;
    }

    private async Task WatchAsync()
    {
        while (await _timer.WaitForNextTickAsync())
        {
            var busy = connections.Busy();
            busy.ForEach(static client => client.Look());
            Abort(busy.Where(client => client.Pace.Standstill >= maxStandstill));
            if (Math.Max(connections.Excess, slots.Excess) is var excess and > 0)
            {
                Abort(busy.Where(client => client.Pace.Rate < MinRate).OrderBy(client => client.Pace.Rate).Take(excess));
            }
        }
    }

    private void Abort(IEnumerable<ConnectionUse> clients)
    {
        var count = 0;
        foreach (var client in clients)
        {
            client.Abort("The client is too slow.");
            count++;
        }

        if (count > 0)
        {
            Interlocked.Add(ref _cut, count);
            if (_tell.IsTime())
            {
                LogCut(logger, Cut);
            }
        }
    }

    [LoggerMessage(
        111,
        LogLevel.Warning,
        "So far {Cut} clients were cut because they took nothing for the client timeout, or were the slowest when connections or "
            + "fetches ran short"
    )]
    private static partial void LogCut(ILogger logger, long cut);
}
