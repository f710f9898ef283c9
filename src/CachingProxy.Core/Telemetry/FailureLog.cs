using System.Collections.Concurrent;
using CachingProxy.Core.Fetching;
using Microsoft.Extensions.Logging;

namespace CachingProxy.Core.Telemetry;

/// <summary>
/// Tells of failed fetches: of each origin the first at once, and those that follow as a number with the next, at most one line in
/// <see cref="Interval"/>. Safe for any number of threads.
/// </summary>
internal sealed class FailureLog(ILogger logger, SteadyClock clock)
{
    /// <summary>How long further failures of an origin are counted and not told.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    // More are forgotten, and their next failure is told at once.
    private const int MaxOrigins = 1000;

    private readonly ConcurrentDictionary<string, Told> _told = new();

    /// <summary>Counts a failure, and tells of it if it is time.</summary>
    public void Add(string authority, OriginException failure)
    {
        // What was not even sent is told once, where it was decided.
        if (failure.Error is OriginError.HeldDown or OriginError.Overloaded)
        {
            Log.FetchFailed(logger, LogLevel.Debug, authority, failure.Error, failure.Message, failure.InnerException?.Message, "");
            return;
        }

        if (_told.Count >= MaxOrigins)
        {
            _told.Clear();
        }

        var told = _told.GetOrAdd(authority, _ => new Told());
        long untold;
        lock (told)
        {
            var now = clock.Now;
            if (now - told.At < Interval)
            {
                told.Untold++;
                return;
            }

            (told.At, untold, told.Untold) = (now, told.Untold, 0);
        }

        Log.FetchFailed(
            logger, LogLevel.Warning, authority, failure.Error, failure.Message, failure.InnerException?.Message, untold == 0 ? "" : $"({untold} more failed before it)");
    }

    private sealed class Told
    {
        public DateTimeOffset At { get; set; }

        public long Untold { get; set; }
    }
}
