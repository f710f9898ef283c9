using System.Collections.Concurrent;
using System.Globalization;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Telemetry;
using Microsoft.Extensions.Logging;

namespace CachingProxy.Core.Origins;

/// <summary>
/// Remembers the origins that are held to be down. After several failures in a row, no request goes to an origin for a while. Then one
/// request is the probe, and further requests are refused until its outcome is known, or until the probe takes longer than the hold. Safe
/// for any number of threads.
/// </summary>
/// <param name="options">The limits: how many failures hold an origin down, and for how long.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Logs each origin that goes down or comes back.</param>
public sealed class OriginAvailability(OriginLimits options, TimeProvider time, ILogger<OriginAvailability> logger)
{
    /// <summary>
    /// The largest number of origins whose failures are remembered. Once it is reached, the next failure clears all records.
    /// </summary>
    internal const int MaxRemembered = 10_000;

    private static readonly TimeSpan RecentlyFailed = TimeSpan.FromMinutes(1);

    // Only origins whose last exchange failed have a record.
    private readonly ConcurrentDictionary<string, Record> _failing = new();

    /// <summary>The number of origins that are held to be down now.</summary>
    public int HeldDown => _failing.Count(origin => origin.Value.IsHeld);

    /// <summary>
    /// Returns the reason for the last failure of an origin that is held to be down. Returns null for any other origin, and once a minute
    /// has passed after the end of the hold without another failed probe.
    /// </summary>
    public string? FailureOf(string authority)
    {
        if (!_failing.TryGetValue(authority, out var record))
        {
            return null;
        }

        lock (record)
        {
            return record.IsHeld && time.GetElapsedTime(record.HeldSince) < record.Hold + RecentlyFailed ? record.LastFailure : null;
        }
    }

    /// <summary>
    /// Starts an exchange, as the probe if one is due. The caller reports the outcome with <see cref="Attempt.OnAnswer"/> or <see
    /// cref="Attempt.OnFailure"/>. An attempt that is disposed without either says nothing about the origin.
    /// </summary>
    /// <param name="authority">The origin.</param>
    /// <param name="mayProbe">True if the exchange can soon show whether the origin is back.</param>
    /// <exception cref="OriginException">The origin is held to be down (<see cref="OriginError.HeldDown"/>).</exception>
    internal Attempt Begin(string authority, bool mayProbe)
    {
        if (!_failing.TryGetValue(authority, out var record))
        {
            return new Attempt(this, authority, null);
        }

        lock (record)
        {
            Ensure_NeedsLock(record);
            if (!record.IsHeld || !mayProbe)
            {
                return new Attempt(this, authority, null);
            }

            record.ProbedSince = time.GetTimestamp();
            return new Attempt(this, authority, record);
        }
    }

    /// <summary>Throws if <see cref="Begin"/> would throw now.</summary>
    /// <exception cref="OriginException">The origin is held to be down (<see cref="OriginError.HeldDown"/>).</exception>
    internal void EnsureNotHeld(string authority)
    {
        if (_failing.TryGetValue(authority, out var record))
        {
            lock (record)
            {
                Ensure_NeedsLock(record);
            }
        }
    }

    private void Ensure_NeedsLock(Record record)
    {
        if (!record.IsHeld)
        {
            return;
        }

        // A second probe may start when the first takes longer than the hold: perhaps only the first is slow.
        var left = record.Hold - time.GetElapsedTime(record.HeldSince);
        if (left > TimeSpan.Zero || (record.ProbedSince is { } since && time.GetElapsedTime(since) < record.Hold))
        {
            var retryAfter = left > TimeSpan.Zero ? left : FirstHold;
            throw new OriginException(
                OriginError.HeldDown,
                $"The last {record.Failures} requests to the origin failed, so that it is not asked for the next "
                    + $"{Seconds(retryAfter)} s. The last one: {record.LastFailure}"
            )
            {
                RetryAfter = retryAfter,
            };
        }
    }

    private TimeSpan FirstHold => options.FirstHold < options.MaxHold ? options.FirstHold : options.MaxHold;

    private static string Seconds(TimeSpan time) => Math.Max(time.TotalSeconds, 0.1).ToString("0.#", CultureInfo.InvariantCulture);

    private void OnAnswer(string authority)
    {
        if (!_failing.IsEmpty && _failing.TryRemove(authority, out var record) && record.IsHeld)
        {
            Log.OriginIsBack(logger, authority);
        }
    }

    private void OnFailure(string authority, Record? probed, OriginException failure)
    {
        if (_failing.Count >= MaxRemembered)
        {
            _failing.Clear();
        }

        var record = _failing.GetOrAdd(authority, _ => new Record { FailingSince = time.GetTimestamp() });
        lock (record)
        {
            record.Failures++;
            record.LastFailure = failure.Message;
            // While the origin is held to be down, only a failed probe extends the hold. Any other exchange was under way before, or may
            // not be a probe, and its failure shows nothing new.
            if (
                record == probed
                || (
                    !record.IsHeld
                    && record.Failures >= options.MaxFailures
                    && (options.MaxFailures == 1 || time.GetElapsedTime(record.FailingSince) >= options.FailureSpan)
                )
            )
            {
                var longer = record.Hold * 2 < options.MaxHold ? record.Hold * 2 : options.MaxHold;
                record.Hold = record.IsHeld ? longer : FirstHold;
                record.HeldSince = time.GetTimestamp();
                record.IsHeld = true;
                Log.OriginIsHeldDown(logger, authority, record.Failures, failure.Message, Seconds(record.Hold));
            }
        }
    }

    /// <summary>The record of an origin whose last exchange failed.</summary>
    internal sealed class Record
    {
        public int Failures { get; set; }

        public string LastFailure { get; set; } = "";

        public long FailingSince { get; init; }

        public bool IsHeld { get; set; }

        public long? ProbedSince { get; set; }

        public TimeSpan Hold { get; set; }

        public long HeldSince { get; set; }
    }

    /// <summary>One exchange with an origin.</summary>
    internal sealed class Attempt(OriginAvailability availability, string authority, Record? probed) : IDisposable
    {
        /// <summary>Notes that the origin has answered, whatever it said.</summary>
        public void OnAnswer() => availability.OnAnswer(authority);

        /// <summary>Notes the failure.</summary>
        public void OnFailure(OriginException failure) => availability.OnFailure(authority, probed, failure);

        /// <summary>Ends the attempt; the next probe may begin when it is due.</summary>
        public void Dispose()
        {
            if (probed is not null)
            {
                lock (probed)
                {
                    probed.ProbedSince = null;
                }
            }
        }
    }
}
