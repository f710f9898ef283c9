namespace CachingProxy.Http.Upstream;

/// <summary>
/// A scan of the heads that an origin sends on HTTP/1.1, up to and including the head of the final response. It finds bytes that
/// SocketsHttpHandler turns into blanks before other code sees them (RFC 9110 §5.5): NUL, and a carriage return without a line feed.
/// </summary>
internal struct HeadScan
{
    private static ReadOnlySpan<byte> Interim => "HTTP/1.1 1"u8;

    private static ReadOnlySpan<byte> TransferEncoding => "transfer-encoding:"u8;

    // The number of bytes in the line so far, the number that match `Interim` (-1 after a mismatch), and the previous byte.
    private int _lineBytes;
    private int _matched;
    private byte _last;
    private bool _isInterim;
    private int _matchedName;

    /// <summary>True if a head held a byte that the handler turns into a blank.</summary>
    public bool HasRepaired { get; private set; }

    /// <summary>Tells whether the head of the final response has ended.</summary>
    public bool IsDone { get; private set; }

    /// <summary>Tells whether the content that follows the final head is in chunks.</summary>
    public bool IsChunked { get; private set; }

    /// <summary>Takes the next bytes that came from the origin; returns those that follow the final head.</summary>
    public ReadOnlySpan<byte> Read(ReadOnlySpan<byte> bytes)
    {
        for (; bytes.Length > 0 && !IsDone; bytes = bytes[1..])
        {
            Read(bytes[0]);
        }

        return bytes;
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
                IsChunked &= !_isInterim;
                _matched = 0;
                _isInterim = false;
            }

            _lineBytes = 0;
            _matchedName = 0;
        }
        else if (next != (byte)'\r')
        {
            _matchedName =
                _matchedName == _lineBytes && _matchedName < TransferEncoding.Length && (next | 0x20) == TransferEncoding[_matchedName]
                    ? _matchedName + 1
                    : _matchedName;
            IsChunked |= _matchedName == TransferEncoding.Length;
            _lineBytes++;
        }

        _last = next;
    }
}
