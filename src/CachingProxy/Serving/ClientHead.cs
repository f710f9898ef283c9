using System.Text;

namespace CachingProxy.Serving;

/// <summary>
/// Reads two things from a request's head that Kestrel does not hand on: the names in <c>Connection</c>, and the fault of a request line
/// that Kestrel refuses.
/// </summary>
/// <param name="use">The use of the connection, in which both are noted.</param>
internal readonly struct ClientHead(ConnectionUse use)
{
    private static ReadOnlySpan<byte> FieldName => "connection:"u8;

    private static ReadOnlySpan<byte> Version => " HTTP/1."u8;

    /// <summary>Reads the bytes that have arrived so far. An incomplete line is passed in again, together with its end.</summary>
    public void Read(ReadOnlySpan<byte> bytes)
    {
        while (bytes.IndexOf("\r\n"u8) is var end and >= 0)
        {
            var line = bytes[..end];
            bytes = bytes[(end + 2)..];
            if (line.Length > FieldName.Length && (line[0] | 0x20) == 'c' && Ascii.EqualsIgnoreCase(line[..FieldName.Length], FieldName))
            {
                use.AddConnectionField(Encoding.Latin1.GetString(line[FieldName.Length..]).Trim(' ', '\t'));
            }
            else if (!use.IsRequestLineRead && !line.IsEmpty)
            {
                use.IsRequestLineRead = true;
                use.RequestLineFault = FaultOf(line);
            }
            else if (line.IsEmpty && use.IsRequestLineRead)
            {
                return;
            }
        }
    }

    // Returns why a request target is not valid; null if it is valid, or if the line has no version. Only targets are checked: a field may
    // hold blanks and bytes beyond ASCII, which a target may not.
    private static string? FaultOf(ReadOnlySpan<byte> line)
    {
        var version = line.LastIndexOf(Version);
        if (version < 0)
        {
            return null;
        }

        var target = line[..version];
        target = target[(target.IndexOf((byte)' ') + 1)..];
        if (!target.ContainsAnyExceptInRange((byte)'!', (byte)'~'))
        {
            return null;
        }

        if (target.Contains((byte)' '))
        {
            return "The request target holds a blank; encode it as %20.";
        }

        if (target.ContainsAnyInRange((byte)0x80, (byte)0xff))
        {
            return "The request target holds a byte beyond ASCII; encode it as %HH.";
        }

        return "The request target holds a control character; encode it as %HH.";
    }
}
