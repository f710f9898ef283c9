using System.Collections.Concurrent;
using CachingProxy.Core.Entries;
using CachingProxy.Core.Messages;
using Microsoft.Extensions.Logging;

namespace CachingProxy.Core.Telemetry;

/// <summary>
/// Logs failed fetches: the first of each origin at once. Counts those that follow and gives their number in the next line, at most one
/// line in <see cref="Interval"/>. Safe for any number of threads.
/// </summary>
internal sealed class FailureLog(ILogger logger, SteadyClock clock)
{
    /// <summary>The time for which further failures of an origin are counted but not logged.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    // With more origins, all are forgotten, and the next failure of each is logged at once.
    private const int MaxOrigins = 1000;

    private readonly ConcurrentDictionary<string, Told> _told = new();

    // Longer paths and causes are cut off.
    private const int MaxPathLength = 200;
    private const int MaxCauseLength = 300;

    /// <summary>Counts a failure, and logs it if it is time.</summary>
    /// <param name="request">The request. Its query is not logged.</param>
    /// <param name="failure">What went wrong.</param>
    public void Add(OriginRequest request, OriginException failure)
    {
        var authority = request.Key.Authority;
        var path = request.Key.Target.Split('?')[0];
        path = path.Length <= MaxPathLength ? path : path[..MaxPathLength] + "...";
        // The message about an invalid response repeats bytes of it, which may be secret.
        var isTold = failure.Error != OriginError.InvalidResponse && failure.InnerException is not (null or OperationCanceledException);
        var cause = isTold ? $" ({Cleaned(failure.InnerException!.Message)})" : "";
        // These are no new failures of the origin: the breaker has logged already that the origin is down, this proxy refused to send the
        // request, or the client made a mistake.
        if (
            failure.Error
            is OriginError.HeldDown
                or OriginError.Overloaded
                or OriginError.Limited
                or OriginError.Offline
                or OriginError.ForbiddenTarget
                or OriginError.ClientContent
                or OriginError.ClientTimeout
        )
        {
            Log.FetchFailed(logger, LogLevel.Debug, request.Method, authority, path, failure.Error, failure.Message, cause, "");
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

        var others = untold == 0 ? "" : $" Before it {untold} more requests to this origin failed.";
        Log.FetchFailed(logger, LogLevel.Warning, request.Method, authority, path, failure.Error, failure.Message, cause, others);
    }

    // The message may hold bytes that an origin sent, such as the names in a certificate.
    private static string Cleaned(string cause) =>
        string.Concat(cause.Take(MaxCauseLength).Select(letter => char.IsControl(letter) ? '?' : letter))
        + (cause.Length > MaxCauseLength ? "..." : "");

    private sealed class Told
    {
        public DateTimeOffset At { get; set; }

        public long Untold { get; set; }
    }
}
