using System.Globalization;
using System.Text;
using CachingProxy.Core;
using CachingProxy.Core.Fetching;
using CachingProxy.Core.Parsing;
using Microsoft.Extensions.Primitives;

namespace CachingProxy.AspNetCore.Upstream;

/// <summary>
/// Reads along with SocketsHttpHandler, which passes over interim responses (1xx) in silence, from the writing of a request
/// to the head of its final response. For HTTP/1.1; what it cannot read is for the handler to refuse.
/// </summary>
internal sealed class InterimReader(Action<InterimResponse> onInterim)
{
    // The handler gives up on more than this.
    private const int MaxHeadBytes = 64 * 1024;

    private const int StatusLineStart = 12;

    private readonly StringBuilder _head = new();

    /// <summary>Whether the final response has begun, and there is nothing more to be found.</summary>
    public bool IsDone { get; private set; }

    /// <summary>The next bytes that came from the origin.</summary>
    public void Read(ReadOnlySpan<byte> bytes)
    {
        _head.Append(Encoding.Latin1.GetString(bytes[..Math.Min(bytes.Length, MaxHeadBytes)]));
        while (!IsDone && _head.Length >= StatusLineStart)
        {
            // HTTP/1.1 103 Early Hints
            var text = _head.ToString();
            if (!text.StartsWith("HTTP/1.1 1", StringComparison.Ordinal) || _head.Length > MaxHeadBytes
                || !int.TryParse(text.AsSpan(9, 3), NumberStyles.None, CultureInfo.InvariantCulture, out var status) || status == 101)
            {
                IsDone = true;
                return;
            }

            var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (end < 0)
            {
                return;
            }

            _head.Remove(0, end + 4);
            if (status != 100)
            {
                onInterim(new InterimResponse(status, ParseFields(text[..end])));
            }
        }
    }

    private static FieldList ParseFields(string head)
    {
        var fields = new List<KeyValuePair<string, StringValues>>();
        foreach (var line in head.Split("\r\n").Skip(1))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            var (name, value) = colon < 0 ? ("", "") : (line[..colon], line[(colon + 1)..].Trim(' ', '\t'));
            if (FieldSyntax.IsToken(name) && FieldSyntax.IsValue(value))
            {
                fields.Add(new(name, value));
            }
        }

        var list = new FieldList(fields);
        var nominated = HopByHopFields.Nominated(list["Connection"]);
        return list.Without(name => HopByHopFields.Contains(name) || nominated.Contains(name) || IsNotForOthers(name));
    }

    // It has no content, and whoever waits for the same response is sent it too, which a cookie is not meant for.
    private static bool IsNotForOthers(string name) =>
        name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase) || name.StartsWith("Set-Cookie", StringComparison.OrdinalIgnoreCase);
}
