using System.Globalization;
using System.Text;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Parsing;
using Microsoft.Extensions.Primitives;

namespace CachingProxy.Http.Upstream;

/// <summary>
/// A reader of interim responses (1xx), which SocketsHttpHandler silently discards. It sees the same bytes as the handler, from the writing
/// of a request until its final response begins. For HTTP/1.1. Leaves it to the handler to refuse bytes that are no valid head.
/// </summary>
/// <param name="onInterim">Receives each interim response for the client; null where the client wants none.</param>
/// <param name="onContinue">Called when the origin asks for the content (100).</param>
internal sealed class InterimReader(Action<InterimResponse>? onInterim, Action? onContinue)
{
    // The handler gives up on a longer head.
    private const int MaxHeadBytes = 64 * 1024;

    private const int StatusLineStart = 12;

    // Any further interim response to the same request is not passed on.
    private const int MaxResponses = 32;

    private readonly StringBuilder _head = new();
    private int _count;

    /// <summary>True if reading has ended: the final response has begun, or the bytes are not a readable interim response.</summary>
    public bool IsDone { get; private set; }

    /// <summary>Reads the next bytes that came from the origin.</summary>
    public void Read(ReadOnlySpan<byte> bytes)
    {
        if (_head.Length == 0 && bytes.Length >= StatusLineStart && !bytes.StartsWith("HTTP/1.1 1"u8))
        {
            IsDone = true;
            return;
        }

        _head.Append(Encoding.Latin1.GetString(bytes[..Math.Min(bytes.Length, MaxHeadBytes)]));
        while (!IsDone && _head.Length >= StatusLineStart)
        {
            // HTTP/1.1 103 Early Hints
            var text = _head.ToString();
            if (
                !text.StartsWith("HTTP/1.1 1", StringComparison.Ordinal)
                || _head.Length > MaxHeadBytes
                || !int.TryParse(text.AsSpan(9, 3), NumberStyles.None, CultureInfo.InvariantCulture, out var status)
                || status == 101
            )
            {
                IsDone = true;
                return;
            }

            var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (HasBareLineFeed(end < 0 ? text : text.AsSpan(0, end)))
            {
                // The handler takes a bare line feed for the end of a line. For the handler, the head may end elsewhere, and the next bytes
                // may be content.
                IsDone = true;
                return;
            }

            if (end < 0)
            {
                return;
            }

            _head.Remove(0, end + 4);
            if (status == 100)
            {
                onContinue?.Invoke();
            }
            else if (onInterim is not null && ++_count <= MaxResponses)
            {
                onInterim(new InterimResponse(status, ParseFields(text[..end])));
            }
        }
    }

    private static bool HasBareLineFeed(ReadOnlySpan<char> head)
    {
        for (var at = 0; head[at..].IndexOf('\n') is var next and >= 0; at += next + 1)
        {
            if (at + next == 0 || head[at + next - 1] != '\r')
            {
                return true;
            }
        }

        return false;
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
        return list.Without(name => HopByHopFields.Contains(name) || nominated.Contains(name) || IsNotHandedOn(name));
    }

    // An interim response has no content. The policy decides about cookies, with the final response.
    private static bool IsNotHandedOn(string name) =>
        name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("Set-Cookie", StringComparison.OrdinalIgnoreCase);
}
