namespace CachingProxy.Serving;

/// <summary>The rate at which a client takes and sends bytes, measured while the proxy waits for it. For one thread at a time.</summary>
/// <param name="time">The clock.</param>
internal sealed class ClientPace(TimeProvider time)
{
    /// <summary>The time over which a rate is measured.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromSeconds(10);

    private ulong _bytes;
    private long _movedAt;
    private long _windowAt;
    private ulong _windowBytes;
    private bool _isMeasuring;

    /// <summary>
    /// The bytes a second over the last <see cref="Window"/>; null if the proxy has not waited for the client for that long.
    /// </summary>
    public double? Rate { get; private set; }

    /// <summary>For how long nothing has moved.</summary>
    public TimeSpan Standstill => _isMeasuring ? time.GetElapsedTime(_movedAt) : TimeSpan.Zero;

    /// <summary>Stops measuring: the proxy does not wait for the client, or the progress is not known.</summary>
    public void Reset()
    {
        _isMeasuring = false;
        Rate = null;
    }

    /// <summary>Takes one measurement, while the proxy waits for the client. The first one after a reset begins anew.</summary>
    /// <param name="bytes">How many bytes have moved in either direction since the connection was made.</param>
    public void Measure(ulong bytes)
    {
        var now = time.GetTimestamp();
        if (!_isMeasuring)
        {
            (_isMeasuring, _movedAt, _windowAt, _windowBytes) = (true, now, now, bytes);
        }
        else if (bytes != _bytes)
        {
            _movedAt = now;
        }

        _bytes = bytes;
        if (time.GetElapsedTime(_windowAt, now) is var elapsed && elapsed >= Window)
        {
            Rate = (bytes - _windowBytes) / elapsed.TotalSeconds;
            (_windowAt, _windowBytes) = (now, bytes);
        }
    }
}
