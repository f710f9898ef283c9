namespace CachingProxy.AspNetCore.Upstream;

/// <summary>
/// Looks through the heads that an origin sends on HTTP/1.1, up to and including that of the final response, for bytes that SocketsHttpHandler turns into
/// blanks before anybody else sees them (RFC 9110 §5.5): NUL, and a carriage return without a line feed.
/// </summary>
internal struct HeadScan
{
    private static ReadOnlySpan<byte> Interim => "HTTP/1.1 1"u8;

    // The bytes of the line so far, as far as they matter, and the byte before the next one.
    private int _lineBytes;
    private int _matched;
    private byte _last;
    private bool _isInterim;

    /// <summary>Tells whether such a byte was there.</summary>
    public bool HasRepaired { get; private set; }

    /// <summary>Tells whether the head of the final response has ended.</summary>
    public bool IsDone { get; private set; }

    /// <summary>Takes the next bytes that came from the origin.</summary>
    public void Read(ReadOnlySpan<byte> bytes)
    {
        for (var i = 0; i < bytes.Length && !IsDone; i++)
        {
            Read(bytes[i]);
        }
    }

    private void Read(byte next)
    {
        HasRepaired |= next == 0 || (_last == (byte)'\r' && next != (byte)'\n');
        if (_matched >= 0 && _matched < Interim.Length)
        {
            // The first line of a head tells whether another head follows it.
            _matched = next == Interim[_matched] ? _matched + 1 : -1;
            _isInterim = _matched == Interim.Length;
        }

        if (next == (byte)'\n')
        {
            if (_lineBytes == 0)
            {
                IsDone = !_isInterim;
                _matched = 0;
                _isInterim = false;
            }

            _lineBytes = 0;
        }
        else if (next != (byte)'\r')
        {
            _lineBytes++;
        }

        _last = next;
    }
}
