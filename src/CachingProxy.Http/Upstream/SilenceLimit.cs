using CachingProxy.Core.Messages;

namespace CachingProxy.Http.Upstream;

/// <summary>
/// A limit for how long the other side may be silent. It starts anew with each sign of life, so that it permits a slow transfer and ends a
/// stalled one. Safe for any number of threads.
/// </summary>
internal sealed class SilenceLimit : IDisposable
{
    private readonly CancellationTokenSource _limit;
    private readonly CancellationTokenSource _either;
    private readonly CancellationToken _caller;
    private readonly Lock _lock = new();
    private TimeSpan _silence;
    private bool _isAnswered;
    private bool _isMeasuring = true;
    private volatile bool _isAbandoned;

    public SilenceLimit(TimeSpan silence, TimeProvider time, CancellationToken caller)
    {
        _silence = silence;
        _caller = caller;
        _limit = new CancellationTokenSource(silence, time);
        _either = caller.CanBeCanceled ? CancellationTokenSource.CreateLinkedTokenSource(caller, _limit.Token) : _limit;
    }

    /// <summary>The token that is cancelled when the limit is reached, when a caller gives up, or by <see cref="End"/>.</summary>
    public CancellationToken Token => _either.Token;

    /// <summary>Tells whether the limit ended the wait, and not the caller.</summary>
    public bool IsReached => _limit.IsCancellationRequested && !_isAbandoned && !_caller.IsCancellationRequested;

    /// <summary>The reason why this side ended the exchange; null where it did not.</summary>
    public OriginException? Reason { get; private set; }

    /// <summary>
    /// Sets another limit, because the other side has begun to answer; it counts from the next <see cref="OnSignOfLife"/> on.
    /// </summary>
    public void SetLimit(TimeSpan silence)
    {
        lock (_lock)
        {
            _silence = silence;
            _isAnswered = true;
            Measure_NeedsLock(false);
        }
    }

    /// <summary>Starts the limit anew, because the other side has done something.</summary>
    public void OnSignOfLife()
    {
        lock (_lock)
        {
            Measure_NeedsLock(true);
        }
    }

    /// <summary>Stops measuring while it is not the other side's turn, until <see cref="OnSignOfLife"/>.</summary>
    public void Pause()
    {
        lock (_lock)
        {
            Measure_NeedsLock(false);
        }
    }

    /// <summary>Stops measuring while the proxy waits for the client, unless the other side has begun to answer.</summary>
    public void OnUploadWaits()
    {
        lock (_lock)
        {
            if (!_isAnswered)
            {
                Measure_NeedsLock(false);
            }
        }
    }

    /// <summary>
    /// Starts the limit anew, because the other side has taken some of the content, or has content to take now. Does nothing if the other
    /// side has begun to answer and the limit is not running.
    /// </summary>
    public void OnUploadMoved()
    {
        lock (_lock)
        {
            if (!_isAnswered || _isMeasuring)
            {
                Measure_NeedsLock(true);
            }
        }
    }

    /// <summary>Ends the exchange, for a reason that is not the other side's.</summary>
    public void End(OriginException reason)
    {
        Reason = reason;
        Abandon();
    }

    /// <summary>Lets another caller give up as well, until the returned registration is disposed.</summary>
    public CancellationTokenRegistration CancelWith(CancellationToken caller) =>
        caller.UnsafeRegister(static limit => ((SilenceLimit)limit!).Abandon(), this);

    public void Dispose()
    {
        _either.Dispose();
        _limit.Dispose();
    }

    private void Measure_NeedsLock(bool isMeasuring)
    {
        _isMeasuring = isMeasuring;
        _limit.CancelAfter(isMeasuring ? _silence : Timeout.InfiniteTimeSpan);
    }

    private void Abandon()
    {
        _isAbandoned = true;
        _either.Cancel();
    }
}
