namespace CachingProxy.Http.Upstream;

/// <summary>
/// A scan of content in chunks (RFC 9112 §7.1) for lines that end in a line feed alone. SocketsHttpHandler accepts such lines. Another
/// reader of the same bytes may not, and may see other content.
/// </summary>
internal struct ChunkScan
{
    private Part _part;
    private long _size;
    private bool _isSizeRead;
    private bool _isLineEmpty;
    private byte _last;

    /// <summary>True if a line ended in a line feed alone.</summary>
    public bool HasBareLineFeed { get; private set; }

    /// <summary>True if the content and the trailer section after it have ended.</summary>
    public readonly bool IsDone => _part == Part.End;

    /// <summary>Takes the next bytes that came from the origin.</summary>
    public void Read(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty && !IsDone)
        {
            if (_part == Part.Data)
            {
                var taken = (int)Math.Min(_size, bytes.Length);
                _size -= taken;
                bytes = bytes[taken..];
                _part = _size == 0 ? Part.DataEnd : Part.Data;
                continue;
            }

            Read(bytes[0]);
            bytes = bytes[1..];
        }
    }

    private void Read(byte next)
    {
        if (next == (byte)'\n')
        {
            HasBareLineFeed |= _last != (byte)'\r';
            EndLine();
        }
        else if (_part == Part.Size && !_isSizeRead && Digit(next) is var digit and >= 0)
        {
            // A size too large for a number is too large for the handler as well.
            _size = (_size << 4) | (uint)digit;
        }
        else if (next != (byte)'\r')
        {
            _isSizeRead = true;
        }

        _isLineEmpty = next == (byte)'\n' || (_isLineEmpty && next == (byte)'\r');
        _last = next;
    }

    private void EndLine()
    {
        _part = _part switch
        {
            Part.Size => _size == 0 ? Part.Trailers : Part.Data,
            Part.DataEnd => Part.Size,
            _ => _isLineEmpty ? Part.End : Part.Trailers,
        };
        _isSizeRead = false;
        _size = _part == Part.Data ? _size : 0;
    }

    private static int Digit(byte next) =>
        next switch
        {
            >= (byte)'0' and <= (byte)'9' => next - '0',
            >= (byte)'a' and <= (byte)'f' => next - 'a' + 10,
            >= (byte)'A' and <= (byte)'F' => next - 'A' + 10,
            _ => -1,
        };

    private enum Part
    {
        Size,
        Data,
        DataEnd,
        Trailers,
        End,
    }
}
