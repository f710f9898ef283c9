using System.Text;

namespace CachingProxy.TestKit;

/// <summary>A request as it came over the wire.</summary>
/// <param name="Head">The bytes of the head as Latin-1 text, the empty line included.</param>
/// <param name="Body">The content, chunks put together.</param>
public sealed record ReceivedRequest(string Head, byte[] Body)
{
    public string Method => Head[..Head.IndexOf(' ')];

    /// <summary>The request target, byte for byte.</summary>
    public string Target => Head.Split(' ', 3)[1];

    public string BodyText => Encoding.UTF8.GetString(Body);

    /// <summary>The values of a field, or null where it is absent.</summary>
    public string? this[string name]
    {
        get
        {
            var values = Lines
                .Where(line => line.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase))
                .Select(line => line[(name.Length + 1)..].Trim())
                .ToList();
            return values.Count == 0 ? null : string.Join(", ", values);
        }
    }

    private IEnumerable<string> Lines => Head.Split("\r\n").Skip(1);
}
