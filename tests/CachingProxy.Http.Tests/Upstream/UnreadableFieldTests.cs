using CachingProxy.Configuration;
using CachingProxy.Core.Messages;
using CachingProxy.TestKit;

namespace CachingProxy.Http.Tests.Upstream;

/// <summary>A field that cannot be passed on as it came leaves the response unstored: nobody can tell what it forbade.</summary>
public class UnreadableFieldTests
{
    [Theory]
    [InlineData("Set-Cookie: sid=\u0001b")]
    [InlineData("Cache-Control: no-store\u0001")]
    [InlineData("Cache-Control: no\0-store")]
    [InlineData("Vary: Cookie\u0002")]
    [InlineData("Vary: Coo\rkie")]
    [InlineData("X: a\rSet-Cookie: p=1")]
    [InlineData("X-Other: \u0007")]
    public async Task B24_AFieldWithAControlCharacter_IsNotPassedOn_AndItsResponseNotStored(string field)
    {
        var asked = 0;
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response($"{++asked}", field));
        await using var proxy = await TestProxy.StartAsync(origin);
        var first = await proxy.Client.GetAsync("/x");
        Assert.Equal("1", await first.Content.ReadAsStringAsync());
        Assert.Contains("detail=unreadable-field", first.Headers.GetValues("Cache-Status").Single());
        Assert.Equal("2", await proxy.Client.GetStringAsync("/x"));
    }

    [Fact]
    public async Task B24_ItHoldsInOverrideModeAndOnProxyAsWell()
    {
        var asked = 0;
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response($"{++asked}", "Vary: Accept-Language\u0001"));
        await using var proxy = await TestProxy.StartAsync(origin, new ProxySettings { TtlMode = TtlMode.Override });
        Assert.Equal("1", await proxy.Client.GetStringAsync("/x"));
        Assert.Equal("2", await proxy.Client.GetStringAsync("/x"));
        Assert.Contains("\"data\":3", await proxy.Client.GetStringAsync("/proxy?url=y"));
        Assert.Contains("\"data\":4", await proxy.Client.GetStringAsync("/proxy?url=y"));
    }

    [Theory]
    [InlineData("Content-Encoding: gz\u0001ip")]
    [InlineData("Content-Range: bytes \u00010-1/2")]
    public async Task B24_WithoutAFieldThatSaysWhatTheContentIs_ItIsNoResponse(string field)
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("x", field));
        await using var proxy = await TestProxy.StartAsync(origin);
        var response = await proxy.Client.GetAsync("/x");
        Assert.Equal(502, (int)response.StatusCode);
        Assert.Contains("control character", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task B24_AHeadAfterAnInterimOne_IsLookedAtToo()
    {
        await using var origin = new FakeOrigin(_ =>
            "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + FakeOrigin.Response("x", "Cache-Control: max-age=60", "X: a\0b")
        );
        await using var proxy = await TestProxy.StartAsync(origin);
        Assert.Contains("detail=unreadable-field", (await proxy.Client.GetAsync("/x")).Headers.GetValues("Cache-Status").Single());
    }

    [Fact]
    public async Task ACleanHead_AfterAnUncleanOne_OnTheSameConnection_IsStored()
    {
        var asked = 0;
        await using var origin = new FakeOrigin(_ =>
            FakeOrigin.Response($"{++asked}", "Cache-Control: max-age=60", asked == 1 ? "X: a\0b" : "X: ab")
        );
        await using var proxy = await TestProxy.StartAsync(origin);
        await proxy.Client.GetStringAsync("/x");
        Assert.Contains("stored", (await proxy.Client.GetAsync("/y")).Headers.GetValues("Cache-Status").Single());
        Assert.Equal(1, origin.Connections);
    }
}
