namespace CachingProxy.Conformance.Tests;

/// <summary>A response as it came over the wire.</summary>
internal sealed record ReceivedResponse(string Raw, string Status, string Body, IReadOnlyList<string> Lines)
{
    /// <summary>The values of a field, joined; null where it is absent.</summary>
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

    public static ReceivedResponse Parse(string raw)
    {
        var end = raw.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        Assert.True(end > 0, $"This is no response: {raw}");
        var lines = raw[..end].Split("\r\n");
        var body = raw[(end + 4)..];
        var response = new ReceivedResponse(raw, lines[0].Split(' ')[1], body, lines[1..]);
        return response["Transfer-Encoding"] == "chunked" ? response with { Body = Unchunk(body) } : response;
    }

    private static string Unchunk(string chunked)
    {
        var body = "";
        while (
            chunked.IndexOf("\r\n", StringComparison.Ordinal) is var end and > 0
            && int.Parse(chunked[..end], System.Globalization.NumberStyles.HexNumber, System.Globalization.CultureInfo.InvariantCulture)
                is var size
                    and > 0
        )
        {
            body += chunked.Substring(end + 2, size);
            chunked = chunked[(end + 4 + size)..];
        }

        return body;
    }
}
