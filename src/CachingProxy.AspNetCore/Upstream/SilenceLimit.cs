namespace CachingProxy.AspNetCore.Upstream;

/// <summary>
/// How long the other side may be silent. The limit starts anew with each sign of life, so that a slow transfer is no
/// fault and a stalled one is.
/// </summary>
internal sealed class SilenceLimit : IDisposable
{
    private readonly CancellationTokenSource _limit;
    private readonly CancellationTokenSource _either;
    private readonly CancellationToken _caller;
    private TimeSpan _silence;
    private volatile bool _isAbandoned;

    public SilenceLimit(TimeSpan silence, TimeProvider time, CancellationToken caller)
    {
        _silence = silence;
        _caller = caller;
        _limit = new CancellationTokenSource(silence, time);
        _either = caller.CanBeCanceled ? CancellationTokenSource.CreateLinkedTokenSource(caller, _limit.Token) : _limit;
    }

    /// <summary>Cancelled when the limit is reached, and when the caller gives up.</summary>
    public CancellationToken Token => _either.Token;

    /// <summary>Whether it was the limit, and not the caller.</summary>
    public bool IsReached => _limit.IsCancellationRequested && !_isAbandoned && !_caller.IsCancellationRequested;

    /// <summary>Another limit, which begins with the next <see cref="OnSignOfLife"/>.</summary>
    public void SetLimit(TimeSpan silence)
    {
        _silence = silence;
        Pause();
    }

    /// <summary>The other side has done something: the limit starts anew.</summary>
    public void OnSignOfLife() => _limit.CancelAfter(_silence);

    /// <summary>It is not the other side's turn: nothing is measured until <see cref="OnSignOfLife"/>.</summary>
    public void Pause() => _limit.CancelAfter(Timeout.InfiniteTimeSpan);

    /// <summary>As long as the registration lives, this caller can give up as well.</summary>
    public CancellationTokenRegistration CancelWith(CancellationToken caller) =>
        caller.UnsafeRegister(static limit => ((SilenceLimit)limit!).Abandon(), this);

    public void Dispose()
    {
        _either.Dispose();
        _limit.Dispose();
    }

    private void Abandon()
    {
        _isAbandoned = true;
        _either.Cancel();
    }
}
