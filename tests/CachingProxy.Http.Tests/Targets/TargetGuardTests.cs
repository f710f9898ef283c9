using System.Net;
using CachingProxy.Http.Targets;
using CachingProxy.Serving;
using CachingProxy.TestKit;

namespace CachingProxy.Http.Tests.Targets;

/// <summary>Attacks J: where <c>/proxy</c> may go, asked by somebody who is not trusted, on the addresses that names lead to.</summary>
public class TargetGuardTests
{
    // A request that another proxy passed on is nobody's own, wherever it comes from.
    private const string Stranger = "X-Forwarded-For: 203.0.113.7";

    [Theory]
    [InlineData(
        "http://127.0.0.1/ http://127.255.255.254/ http://localhost/ http://LOCALHOST/ http://localhost./ http://foo.localhost/ http://[::1]/ http://ip6-localhost/"
    )]
    [InlineData("http://0.0.0.0/ http://[::]/ http://[::ffff:0.0.0.0]/ http://0/")]
    [InlineData(
        "http://127.1/ http://127.0.1/ http://2130706433/ http://0x7f000001/ http://0x7f.1/ http://0177.0.0.1/ http://017700000001/ http://00000177.1/"
    )]
    [InlineData(
        "http://169.254.169.254/latest/ http://0xA9FEA9FE/ http://0251.0376.0251.0376/ http://2852039166/ http://169.254.43518/ http://169.16689662/"
    )]
    [InlineData(
        "http://169.254.170.2/ http://100.100.100.200/ http://168.63.129.16/ http://[fd00:ec2::254]/ http://metadata.google.internal/ http://metadata/ http://instance-data/"
    )]
    [InlineData("http://[::ffff:127.0.0.1]/ http://[64:ff9b::7f00:1]/ http://[2002:7f00:1::]/ http://[fe80::1]/")]
    [InlineData("http://good.test:22/ http://good.test:25/ http://good.test:1023/")]
    public async Task J01_To_J19_ForbiddenTargets_AllGetTheSameAnswer_AndNoNameIsLookedUp(string urls)
    {
        var lookedUp = 0;
        await using var proxy = await StartAsync(
            (_, _) =>
            {
                lookedUp++;
                return Task.FromResult(new[] { IPAddress.Parse("93.184.216.34") });
            }
        );
        var answers = new HashSet<string>();
        foreach (var url in urls.Split(' '))
        {
            var answer = await AskAsync(proxy, url);
            Assert.True(answer.StartsWith("HTTP/1.1 403", StringComparison.Ordinal), $"{url}: {answer}");
            answers.Add(Body(answer));
        }

        Assert.Single(answers);
        Assert.Equal(0, lookedUp);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("169.254.169.254")]
    [InlineData("10.0.0.1")]
    [InlineData("::1")]
    [InlineData("64:ff9b::7f00:1")]
    [InlineData("93.184.216.34 127.0.0.1")]
    [InlineData("127.0.0.1 93.184.216.34")]
    [InlineData("1.1.1.1 ::1")]
    public async Task J20_J21_NamesThatLeadInward_EvenAmongOthers_AreForbidden(string addresses)
    {
        await using var proxy = await StartAsync((_, _) => Task.FromResult(addresses.Split(' ').Select(IPAddress.Parse).ToArray()));
        var answer = await AskAsync(proxy, "http://a.test/");
        Assert.StartsWith("HTTP/1.1 403", answer);
        Assert.Equal(Body(await AskAsync(proxy, "http://127.0.0.1/")), Body(answer));
    }

    [Fact]
    public async Task J22_ANameThatLeadsElsewhereTheSecondTime_IsLookedUpOncePerConnection()
    {
        var lookups = 0;
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("inside"));
        await using var proxy = await StartAsync(
            (_, _) =>
                Task.FromResult(
                    new[]
                    {
                        // Nobody listens on the first; asking again would reach the origin on loopback.
                        Interlocked.Increment(ref lookups) % 2
                        == 1
                            ? IPAddress.Parse("192.0.2.1")
                            : IPAddress.Loopback,
                    }
                )
        );
        Assert.StartsWith("HTTP/1.1 403", await AskAsync(proxy, $"http://rebind.test:{origin.Url.Port}/"));
        Assert.Equal(1, lookups);
        Assert.Empty(origin.Requests);
    }

    [Fact]
    public async Task M07_J02_ANameThatTheResolverChokesOn_IsA502_NotA500()
    {
        await using var proxy = await StartAsync((_, _) => throw new ArgumentException("0"));
        Assert.StartsWith("HTTP/1.1 502", await AskAsync(proxy, "http://odd.test/"));
    }

    [Fact]
    public async Task J25_ARedirectInward_IsForbiddenAsWell()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response(302, "", "Location: http://169.254.169.254/latest/"));
        await using var proxy = await TestProxy.StartAsync(origin);
        Assert.StartsWith("HTTP/1.1 403", await AskAsync(proxy, "x"));
    }

    [Fact]
    public async Task ATrustedLocalRequest_MayReachLoopback_AndAStrangerIsNotAnsweredFromWhatItStored()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("private"));
        await using var proxy = await TestProxy.StartWithAsync(new(), new());
        Assert.Contains("private", await proxy.Client.GetStringAsync($"/proxy?url={origin.Url}x"));
        Assert.StartsWith("HTTP/1.1 403", await AskAsync(proxy, $"{origin.Url}x"));
    }

    [Theory]
    [InlineData("Origin: http://evil.test")]
    [InlineData("Origin: null")]
    [InlineData("Sec-Fetch-Site: cross-site")]
    [InlineData("Sec-Fetch-Site: same-site")]
    [InlineData("Forwarded: for=1.1.1.1")]
    [InlineData("Via: 1.1 other")]
    [InlineData("X-Forwarded-Proto: https")]
    public async Task ARequestThatMayBeSomebodyElses_IsNotTrusted(string field)
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("private"));
        await using var proxy = await TestProxy.StartWithAsync(new(), new());
        Assert.StartsWith(
            "HTTP/1.1 403",
            await proxy.ExchangeAsync(proxy.Raw("GET", $"/proxy?url={origin.Url}x", field, "Connection: close"))
        );
        Assert.Empty(origin.Requests);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("127.0.0.0/8:{port}")]
    public async Task ATargetThatIsAllowedByName_MayBeReachedByAnybody(string allowed)
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("allowed"));
        var target = AllowedTarget.Parse(allowed.Replace("{port}", origin.Url.Port.ToString()))!;
        await using var proxy = await TestProxy.StartWithAsync(new() { AllowedTargets = [target] }, new());
        Assert.Contains("allowed", await AskAsync(proxy, $"{origin.Url}x"));
    }

    [Fact]
    public async Task APortThatIsNamedForOneTarget_IsNotOpenForOthers()
    {
        var mail = AllowedTarget.Parse("mail.test:25")!;
        await using var proxy = await TestProxy.StartWithAsync(new() { AllowedTargets = [mail] }, new());
        Assert.StartsWith("HTTP/1.1 403", await AskAsync(proxy, "http://1.1.1.1:25/"));
    }

    [Fact]
    public async Task J29_ProxiesOfTheEnvironment_AreNotUsed()
    {
        Environment.SetEnvironmentVariable("http_proxy", "http://127.0.0.1:9");
        try
        {
            await using var origin = new FakeOrigin(_ => FakeOrigin.Response("direct"));
            await using var proxy = await TestProxy.StartAsync(origin);
            Assert.Equal("direct", await proxy.Client.GetStringAsync("/x"));
        }
        finally
        {
            Environment.SetEnvironmentVariable("http_proxy", null);
        }
    }

    [Fact]
    public async Task J30_AUrlThatLeadsBackToUs_IsALoop()
    {
        await using var proxy = await TestProxy.StartWithAsync(new(), new());
        var self = Uri.EscapeDataString($"{proxy.Url}proxy?url={Uri.EscapeDataString(proxy.Url + "healthz")}");
        Assert.Contains("\"code\":\"loop\"", await (await proxy.Client.GetAsync($"/proxy?url={self}")).Content.ReadAsStringAsync());
    }

    private static Task<TestProxy> StartAsync(Func<string, CancellationToken, Task<IPAddress[]>> resolve) =>
        TestProxy.StartWithAsync(new(), new ServerDependencies { Resolve = resolve });

    private static Task<string> AskAsync(TestProxy proxy, string url) =>
        proxy.ExchangeAsync(proxy.Raw("GET", $"/proxy?url={Uri.EscapeDataString(url)}", Stranger, "Connection: close"));

    private static string Body(string answer) => answer[(answer.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..];
}
