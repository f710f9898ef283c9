using System.Net;
using CachingProxy.TestKit;

namespace CachingProxy.AspNetCore.Tests.Responses;

/// <summary>Ranges on the wire.</summary>
public class RangeTests
{
    private static readonly string Content = string.Concat(Enumerable.Range(0, 20_000).Select(number => $"{number:D5} "));

    [Fact]
    public async Task SeveralRanges_AreOnePartEach_InTheOrderThatWasAskedFor()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response(Content, "Cache-Control: max-age=60", "Content-Type: text/plain"));
        await using var proxy = await TestProxy.StartAsync(origin);
        await proxy.Client.GetAsync("/x");
        using var request = new HttpRequestMessage(HttpMethod.Get, "/x");
        request.Headers.Add("Range", "bytes=60000-60011, 6-11, -6");
        var response = await proxy.Client.SendAsync(request);
        Assert.Equal(HttpStatusCode.PartialContent, response.StatusCode);
        var type = response.Content.Headers.ContentType!;
        Assert.Equal("multipart/byteranges", type.MediaType);
        var body = await response.Content.ReadAsStringAsync();
        Assert.Equal(response.Content.Headers.ContentLength, body.Length);
        var boundary = "--" + type.Parameters.Single(parameter => parameter.Name == "boundary").Value;
        Assert.Equal(
            ["", Part(60000, 60011), Part(6, 11), Part(Content.Length - 6, Content.Length - 1), "--\r\n"],
            body.Split("\r\n" + boundary)
        );
        Assert.Single(origin.Requests);
    }

    [Fact]
    public async Task EveryRangeOfABodyInManyChunks_IsTheRightOne()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response(Content, "Cache-Control: max-age=60"));
        await using var proxy = await TestProxy.StartAsync(origin);
        await proxy.Client.GetAsync("/x");
        foreach (
            var (first, last) in ((int, int)[])[(0, 0), (65535, 65536), (65536, 65536), (0, 119_999), (119_999, 119_999), (4095, 70_000)]
        )
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/x");
            request.Headers.Range = new(first, last);
            var response = await proxy.Client.SendAsync(request);
            Assert.Equal($"bytes {first}-{last}/120000", response.Content.Headers.ContentRange!.ToString());
            Assert.Equal(Content[first..(last + 1)], await response.Content.ReadAsStringAsync());
        }
    }

    [Fact]
    public async Task APartThatIsCompleted_StreamsItsBeginningFromTheStore()
    {
        var mayGoOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var origin = new FakeOrigin(
            async (request, connection) =>
            {
                var first = int.Parse(request["Range"]!.Split('=', '-')[1], System.Globalization.CultureInfo.InvariantCulture);
                var part = first == 0 ? Content[..60_000] : Content[60_000..];
                await connection.SendAsync(
                    $"HTTP/1.1 206 Partial Content\r\nCache-Control: max-age=60\r\nETag: \"1\"\r\nContent-Range: bytes {first}-{first + part.Length - 1}/{Content.Length}\r\nContent-Length: {part.Length}\r\n\r\n"
                );
                await (first == 0 ? Task.CompletedTask : mayGoOn.Task);
                await connection.SendAsync(part);
            }
        );
        await using var proxy = await TestProxy.StartAsync(origin);
        using var beginning = new HttpRequestMessage(HttpMethod.Get, "/x");
        beginning.Headers.Range = new(0, 59_999);
        Assert.Equal(Content[..60_000], await (await proxy.Client.SendAsync(beginning)).Content.ReadAsStringAsync());
        using var client = await RawClient.ConnectAsync(proxy.Url);
        await client.SendAsync(proxy.Raw("GET", "/x", "Connection: close"));
        var received = await client.ReadUntilAsync(Content[59_900..60_000]);
        mayGoOn.SetResult();
        received += await client.ReadToEndAsync();
        Assert.StartsWith("HTTP/1.1 200 OK\r\n", received);
        Assert.Contains($"Content-Length: {Content.Length}\r\n", received);
        Assert.EndsWith("\r\n\r\n" + Content, received);
        Assert.Equal(Content, await proxy.Client.GetStringAsync("/x"));
        Assert.Equal(2, origin.Requests.Count);
    }

    [Fact]
    public async Task ACompletionThatBreaksOff_NeverLooksWhole_AndIsNotStored()
    {
        await using var origin = new FakeOrigin(
            async (request, connection) =>
            {
                if (request["Range"] is not { } range)
                {
                    await connection.SendAsync(FakeOrigin.Response("0123456789", "Cache-Control: max-age=60"));
                    return;
                }

                var isFirst = range == "bytes=0-3";
                await connection.SendAsync(
                    $"HTTP/1.1 206 Partial Content\r\nCache-Control: max-age=60\r\nETag: \"1\"\r\nContent-Range: bytes {(isFirst ? "0-3" : "4-9")}/10\r\nContent-Length: {(isFirst ? 4 : 6)}\r\n\r\n{(isFirst ? "0123" : "45")}"
                );
                if (!isFirst)
                {
                    connection.Close();
                }
            }
        );
        await using var proxy = await TestProxy.StartAsync(origin);
        await proxy.ExchangeAsync(proxy.Raw("GET", "/x", "Range: bytes=0-3", "Connection: close"));
        var broken = await proxy.ExchangeAsync(proxy.Raw("GET", "/x", "Connection: close"));
        Assert.DoesNotContain("0123456789", broken);
        Assert.False(broken.EndsWith("012345\r\n0\r\n\r\n", StringComparison.Ordinal));
        var again = await proxy.ExchangeAsync(proxy.Raw("GET", "/x", "Range: bytes=0-3", "Connection: close"));
        Assert.Contains("X-Cache: HIT", again);
    }

    private static string Part(int first, int last) =>
        $"\r\nContent-Type: text/plain\r\nContent-Range: bytes {first}-{last}/{Content.Length}\r\n\r\n{Content[first..(last + 1)]}";
}
