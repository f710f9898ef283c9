namespace CachingProxy.Serving;

/// <summary>How fast a client takes and sends, measured while it has its turn. One thread at a time.</summary>
/// <param name="time">The clock.</param>
internal sealed class ClientPace(TimeProvider time)
{
    /// <summary>Over how long a rate is measured.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromSeconds(10);

    private ulong _bytes;
    private long _movedAt;
    private long _windowAt;
    private ulong _windowBytes;
    private bool _isMeasuring;

    /// <summary>The bytes a second over the last <see cref="Window"/>; null where the client had not its turn for so long.</summary>
    public double? Rate { get; private set; }

    /// <summary>For how long nothing has moved.</summary>
    public TimeSpan Standstill => _isMeasuring ? time.GetElapsedTime(_movedAt) : TimeSpan.Zero;

    /// <summary>Stops measuring: it is not the client's turn, or nobody knows.</summary>
    public void Reset()
    {
        _isMeasuring = false;
        Rate = null;
    }

    /// <summary>Measures from now on: it is the client's turn.</summary>
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
