using CachingProxy.Core.Entries;
using CachingProxy.Core.Keys;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Parsing;
using Microsoft.Extensions.Primitives;

namespace CachingProxy.TestKit;

/// <summary>Values that do not matter, but for what a test says of them.</summary>
public static class Some
{
    public static FieldList Fields(params string[] lines) =>
        new(lines.Select(line => line.Split(": ", 2)).Select(parts => new KeyValuePair<string, StringValues>(parts[0], parts[1])));

    public static CacheKey Key(string target = "/x") => new("http://origin.test", target);

    public static CacheFace Face(IOrigin origin, CachePolicy? policy = null) => new("forwarded", origin, policy ?? new CachePolicy());

    public static CacheRequest Request(CacheFace face, string target = "/x", string method = "GET", params string[] fields) =>
        new PlainRequest(face, method, Key(target), Fields(fields));

    public static OriginResponse Response(string body = "body", int status = 200, params string[] fields) =>
        new(
            status,
            Fields([
                .. fields.Any(line => line.StartsWith("Date: ", StringComparison.Ordinal))
                    ? []
                    : (string[])[$"Date: {FakeTimeProvider.Start:R}"],
                .. fields,
            ]),
            new MemoryStream(System.Text.Encoding.UTF8.GetBytes(body))
        )
        {
            ContentLength = body.Length,
        };

    /// <summary>A response that was stored at the start of the clock, as it was received.</summary>
    internal static CacheEntry Entry(params string[] fields)
    {
        var list = Fields(fields);
        var control = ResponseDirectives.Parse(list);
        return new CacheEntry
        {
            Key = Key(),
            Target = Key().Target,
            Partition = new CachePartition("forwarded/respect", "http", "proxy.test"),
            Status = 200,
            Fields = list,
            Position = default,
            Control = control,
            Freshness = Freshness.Of(200, list, control, new CachePolicy { TimeToLive = TimeSpan.Zero }, FakeTimeProvider.Start),
            Date = FakeTimeProvider.Start,
            ReceivedAt = FakeTimeProvider.Start,
            EntityTag = EntityTag.Parse(list["ETag"].ToString()),
            LastModified = HttpDate.Parse(list["Last-Modified"].ToString(), FakeTimeProvider.Start),
        };
    }

    /// <summary>The same of another URL, before the first purge.</summary>
    internal static CacheEntry EntryFor(string target) => Entry() with { Key = Key(target), Target = target, Position = new(1, 0) };

    private sealed class PlainRequest(CacheFace face, string method, CacheKey key, FieldList fields)
        : CacheRequest(face, method, key, new CachePartition(face.PartitionName, "http", "proxy.test"))
    {
        public override IFields Fields => fields;

        public override bool HasContent => fields.Contains("Content-Length");

        public override OriginRequest CreateOriginRequest() => new(Method, Key, fields);
    }
}
