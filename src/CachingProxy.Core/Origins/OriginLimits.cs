namespace CachingProxy.Core.Origins;

/// <summary>Limits the requests to an origin at one time, and sets how long a failing origin is left alone.</summary>
public sealed class OriginLimits
{
    /// <summary>
    /// The largest number of exchanges with one origin at once: 512 by default, 1 or more. Further requests wait for one to end.
    /// </summary>
    public int MaxExchanges
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value);
            field = value;
        }
    } = 512;

    /// <summary>
    /// The largest number of requests that wait for an origin: 1,024 by default, 0 or more. Further requests are answered with 503.
    /// </summary>
    public int MaxQueued
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            field = value;
        }
    } = 1024;

    /// <summary>
    /// The longest time that a request waits for an exchange to end: 10 seconds by default, 0 or more. After that, the request ends as a
    /// 503.
    /// </summary>
    public TimeSpan QueueTimeout
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, TimeSpan.Zero);
            field = value;
        }
    } = TimeSpan.FromSeconds(10);

    /// <summary>The number of failures in a row after which an origin is held to be down: 5 by default, 1 or more.</summary>
    public int MaxFailures
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value);
            field = value;
        }
    } = 5;

    /// <summary>
    /// The time that the failures in a row must span before the origin is held to be down: 1 second by default. A burst of broken
    /// connections says nothing if the origin answers other requests. The span is ignored where <see cref="MaxFailures"/> is 1.
    /// </summary>
    public TimeSpan FailureSpan
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, TimeSpan.Zero);
            field = value;
        }
    } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// The length of the first hold, for which an origin counts as down: 1 second by default. Each failed probe doubles the length.
    /// </summary>
    public TimeSpan FirstHold
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, TimeSpan.Zero);
            field = value;
        }
    } = TimeSpan.FromSeconds(1);

    /// <summary>The upper limit of the time that an origin counts as down: 30 seconds by default.</summary>
    public TimeSpan MaxHold
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, TimeSpan.Zero);
            field = value;
        }
    } = TimeSpan.FromSeconds(30);
}
