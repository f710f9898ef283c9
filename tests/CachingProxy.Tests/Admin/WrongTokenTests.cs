using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using CachingProxy.Access;
using CachingProxy.Configuration;
using CachingProxy.TestKit;

namespace CachingProxy.Tests.Admin;

/// <summary>Whoever tries tokens is slowed down, and nobody is locked out.</summary>
public class WrongTokenTests
{
    [Fact]
    public async Task K06_WrongTokens_AreAnsweredOneAfterTheOther_AndTheRightOneAtOnce()
    {
        await using var origin = new FakeOrigin(_ => FakeOrigin.Response("ok"));
        await using var proxy = await TestProxy.StartAsync(origin, new ProxySettings { AdminToken = "right" });
        var watch = Stopwatch.StartNew();

        var wrong = Enumerable.Range(0, 2 * WrongTokens.MaxWaiting).Select(number => ClearAsync(proxy, $"wrong {number}")).ToList();
        Assert.Equal(HttpStatusCode.OK, await ClearAsync(proxy, "right"));
        Assert.Contains(wrong, attempt => !attempt.IsCompleted);

        var answers = await Task.WhenAll(wrong);
        Assert.All(answers, answer => Assert.True(answer is HttpStatusCode.Unauthorized or HttpStatusCode.TooManyRequests));
        Assert.Contains(HttpStatusCode.TooManyRequests, answers);
        var answered = answers.Count(answer => answer == HttpStatusCode.Unauthorized);
        Assert.True(
            watch.ElapsedMilliseconds >= answered * 90,
            $"{answered} wrong tokens were answered in {watch.ElapsedMilliseconds} ms."
        );
    }

    private static async Task<HttpStatusCode> ClearAsync(TestProxy proxy, string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Delete, "/cache")
        {
            Headers = { Authorization = new AuthenticationHeaderValue("Bearer", token) },
        };
        using var response = await proxy.Client.SendAsync(request, TestContext.Current.CancellationToken);
        return response.StatusCode;
    }
}
