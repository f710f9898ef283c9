using CachingProxy.Telemetry;

namespace CachingProxy.Tests.Telemetry;

/// <summary>K15: what may be secret in a URL is masked before it is written to a log.</summary>
public class RedactionTests
{
    [Theory]
    [InlineData("/x", "/x")]
    [InlineData("/x?a=1&b=2", "/x?a=1&b=2")]
    [InlineData("/x?key=abc", "/x?key=***")]
    [InlineData("/x?a=1&API_KEY=abc&b=2", "/x?a=1&API_KEY=***&b=2")]
    [InlineData("/x?api-key=abc", "/x?api-key=***")]
    [InlineData("/x?access_token=abc", "/x?access_token=***")]
    [InlineData("/x?X-Amz-Signature=abc&X-Amz-Credential=me", "/x?X-Amz-Signature=***&X-Amz-Credential=***")]
    [InlineData("/x?client_secret=a=b=c", "/x?client_secret=***")]
    [InlineData("/x?ac%63ess_token=abc", "/x?ac%63ess_token=***")]
    [InlineData("/x?monkey=1&tokens", "/x?monkey=1&tokens")]
    [InlineData("/x?partner=secret-free", "/x?partner=secret-free")]
    [InlineData("/x?mine=1", "/x?mine=***")]
    [InlineData("/proxy?url=https%3A%2F%2Fa.test%2F%3Ftoken%3Dabc", "/proxy?url=https%3A%2F%2Fa.test%2F%3Ftoken%3D***")]
    [InlineData("/proxy?url=https://a.test/?token=abc", "/proxy?url=https://a.test/?token=***")]
    [InlineData("/proxy?url=https://me:pass@a.test/", "/proxy?url=https://***@a.test/")]
    [InlineData("/proxy?url=https%3A%2F%2Fme:pass%40a.test/", "/proxy?url=https%3A%2F%2F***%40a.test%2F")]
    [InlineData("https://me:pass@a.test/x", "https://***@a.test/x")]
    [InlineData("https://me:p@ss@a.test/x?key=1", "https://***@a.test/x?key=***")]
    [InlineData("//@", "//***@")]
    [InlineData("/x?a=1;token=abc", "/x?a=1;token=***")]
    [InlineData("/x?u=https%3A%2F%2Fa%2F%23access_token%3Dabc", "/x?u=https%3A%2F%2Fa%2F%23access_token%3D***")]
    [InlineData("/x#access_token=abc", "/x#access_token=***")]
    [InlineData("/app;jsessionid=ABC/x", "/app;jsessionid=***/x")]
    [InlineData("/x?PHPSESSID=abc", "/x?PHPSESSID=***")]
    [InlineData("/x//https://me:pass@h/", "/x//https://***@h/")]
    [InlineData("/x?a=b&&c=%26token%3Dabc", "/x?a=b&&c=%26token%3Dabc")]
    [InlineData("/x?u=a@b.test", "/x?u=a@b.test")]
    public void ASecret_IsMasked(string url, string shown) => Assert.Equal(shown, new Redaction(["mine"]).Of(url));

    [Fact]
    public void AUrlInAUrlInAUrl_IsMasked_HoweverDeep()
    {
        var url = "https://a.test/?token=abc";
        for (var depth = 0; depth < 8; depth++)
        {
            url = $"https://a.test/?next={Uri.EscapeDataString(url)}";
            Assert.DoesNotContain("abc", new Redaction([]).Of(url));
        }
    }
}
