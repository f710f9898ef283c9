using System.Net;
using CachingProxy.AspNetCore.Gate;
using Microsoft.AspNetCore.Http;

namespace CachingProxy.AspNetCore.Tests.Gate;

/// <summary>K10: the client's address is that of the connection, unless a trusted proxy says otherwise.</summary>
public class TrustedProxiesTests
{
    [Theory]
    [InlineData("192.0.2.9", "X-Forwarded-For: 203.0.113.5", "192.0.2.9")]
    [InlineData("10.0.0.1", "", "10.0.0.1")]
    [InlineData("10.0.0.1", "X-Forwarded-For: 203.0.113.5", "203.0.113.5")]
    [InlineData("10.0.0.1", "X-Forwarded-For: 1.1.1.1, 203.0.113.5, 10.0.0.2", "203.0.113.5")]
    [InlineData("10.0.0.1", "X-Forwarded-For: 10.0.0.3, 10.0.0.2", "10.0.0.3")]
    [InlineData("10.0.0.1", "X-Forwarded-For: 203.0.113.5, unknown, 10.0.0.2", "10.0.0.2")]
    [InlineData("10.0.0.1", "X-Forwarded-For: garbage", "10.0.0.1")]
    [InlineData("10.0.0.1", "X-Forwarded-For: 203.0.113.5:4711", "203.0.113.5")]
    [InlineData("10.0.0.1", "X-Forwarded-For: [2001:db8::1]:4711", "2001:db8::1")]
    [InlineData("::ffff:10.0.0.1", "X-Forwarded-For: 203.0.113.5", "203.0.113.5")]
    [InlineData("10.0.0.1", "Forwarded: for=203.0.113.5;proto=https, for=10.0.0.2", "203.0.113.5")]
    [InlineData("10.0.0.1", "Forwarded: for=\"[2001:db8::1]:4711\"", "2001:db8::1")]
    [InlineData("10.0.0.1", "Forwarded: for=_hidden", "10.0.0.1")]
    [InlineData("10.0.0.1", "Forwarded: for=203.0.113.5;host=\"a,for=198.51.100.7\"", "203.0.113.5")]
    [InlineData("10.0.0.1", "Forwarded: host=\"a;for=198.51.100.7;\";for=203.0.113.5", "203.0.113.5")]
    [InlineData("10.0.0.1", "Forwarded: for=\"203.0.113.5", "10.0.0.1")]
    [InlineData("10.0.0.1", "X-Forwarded-For: 203.0.113.5|Forwarded: for=203.0.113.5", "203.0.113.5")]
    public void TheClient_IsTheRightmostAddressThatNobodyTrusts(string peer, string fields, string client)
    {
        var exchange = ExchangeOf(peer, fields);
        new TrustedProxies([IPNetwork.Parse("10.0.0.0/8")], takesScheme: false, takesHost: false).Apply(exchange);
        Assert.Equal(IPAddress.Parse(client), exchange.ClientAddress);
        Assert.Equal(IPAddress.Parse(peer), exchange.PeerAddress);
        Assert.Equal("http", exchange.Scheme);
    }

    [Fact]
    public void TwoFieldsThatNameDifferentClients_AreRefused_AndOnlyFromATrustedProxy()
    {
        const string fields = "X-Forwarded-For: 203.0.113.5|Forwarded: for=198.51.100.7";
        var proxies = new TrustedProxies([IPNetwork.Parse("10.0.0.0/8")], takesScheme: false, takesHost: false);
        Assert.Equal(400, proxies.Apply(ExchangeOf("10.0.0.1", fields))!.Status);
        Assert.Null(proxies.Apply(ExchangeOf("192.0.2.9", fields)));
    }

    [Fact]
    public void SchemeAndHost_AreTaken_WhereThatIsAskedFor()
    {
        const string fields = "X-Forwarded-Proto: gopher, https|X-Forwarded-Host: a.test, b.test|Host: c.test";
        var trusting = ExchangeOf("10.0.0.1", fields);
        new TrustedProxies([IPNetwork.Parse("10.0.0.0/8")], takesScheme: true, takesHost: true).Apply(trusting);
        Assert.Equal(("https", "b.test"), (trusting.Scheme, trusting.RequestHeaders.Host.ToString()));
        var stranger = ExchangeOf("192.0.2.9", fields);
        new TrustedProxies([IPNetwork.Parse("10.0.0.0/8")], takesScheme: true, takesHost: true).Apply(stranger);
        Assert.Equal(("http", "c.test"), (stranger.Scheme, stranger.RequestHeaders.Host.ToString()));
    }

    private static Exchange ExchangeOf(string peer, string fields)
    {
        var context = new DefaultHttpContext();
        context.Connection.RemoteIpAddress = IPAddress.Parse(peer);
        context.Request.Scheme = "http";
        foreach (var field in fields.Split('|', StringSplitOptions.RemoveEmptyEntries))
        {
            context.Request.Headers.Append(field.Split(": ")[0], field.Split(": ", 2)[1]);
        }

        return Exchange.Of(context);
    }
}
