namespace CachingProxy.TestKit;

/// <summary>The fake clock of Microsoft.Extensions.TimeProvider.Testing, begun at a fixed moment; counts the timers that are set, and can set the wall clock alone.</summary>
public sealed class FakeTimeProvider() : Microsoft.Extensions.Time.Testing.FakeTimeProvider(Start)
{
    private int _running;
    private long _jumpTicks;

    /// <summary>When it begins.</summary>
    public static new DateTimeOffset Start { get; } = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    /// <summary>How many timers have been set and have not fired.</summary>
    public int RunningTimers => Volatile.Read(ref _running);

    /// <summary>Sets the wall clock to another time without any passing; <c>AdjustTime</c> would move the timestamps too.</summary>
    public void JumpWallClock(TimeSpan by) => Interlocked.Add(ref _jumpTicks, by.Ticks);

    public override long GetTimestamp() => base.GetUtcNow().Ticks;

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow().AddTicks(Volatile.Read(ref _jumpTicks));

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        new CountedTimer(this, callback, state, dueTime, period);

    /// <summary>A timer that is counted from when it is set until it fires, is stopped or disposed. One that repeats is never counted down by firing.</summary>
    private sealed class CountedTimer : ITimer
    {
        private readonly FakeTimeProvider _time;
        private readonly ITimer _timer;
        private bool _repeats;
        private int _isSet;

        public CountedTimer(FakeTimeProvider time, TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            _time = time;
            _timer = time.CreateUncounted(
                given =>
                {
                    if (!_repeats)
                    {
                        Count(false);
                    }

                    callback(given);
                },
                state
            );
            Change(dueTime, period);
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            _repeats = period > TimeSpan.Zero;
            Count(dueTime != Timeout.InfiniteTimeSpan);
            return _timer.Change(dueTime, period);
        }

        public void Dispose()
        {
            Count(false);
            _timer.Dispose();
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        private void Count(bool isSet)
        {
            if (Interlocked.Exchange(ref _isSet, isSet ? 1 : 0) is var before && before != (isSet ? 1 : 0))
            {
                Interlocked.Add(ref _time._running, isSet ? 1 : -1);
            }
        }
    }

    private ITimer CreateUncounted(TimerCallback callback, object? state) =>
        base.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
}
