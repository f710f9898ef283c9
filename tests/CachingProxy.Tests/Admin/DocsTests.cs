using System.Net;
using System.Text.Json;
using CachingProxy.Core.Messages;
using CachingProxy.TestKit;
using Microsoft.OpenApi;
using Microsoft.OpenApi.Reader;

namespace CachingProxy.Tests.Admin;

/// <summary>The document and the page say what there is, and need nothing from elsewhere.</summary>
public class DocsTests
{
    [Fact]
    public async Task TheDocument_IsValidOpenApi()
    {
        await using var proxy = await TestProxy.StartWithAsync(new(), new());
        await using var document = await proxy.Client.GetStreamAsync("/openapi.json");
        var buffer = new MemoryStream();
        await document.CopyToAsync(buffer);
        buffer.Position = 0;
        var read = await OpenApiDocument.LoadAsync(buffer, "json", new OpenApiReaderSettings());
        Assert.Empty(read.Diagnostic!.Errors);
        Assert.Equal("caching-proxy", read.Document!.Info.Title);
    }

    [Fact]
    public async Task TheDocument_NamesEveryEndpointAndMethodThatExists_AndNoOther()
    {
        await using var proxy = await TestProxy.StartWithAsync(new(), new());
        var paths = (await DocumentAsync(proxy)).GetProperty("paths");
        foreach (var path in paths.EnumerateObject())
        {
            var response = await proxy.Client.SendAsync(new HttpRequestMessage(new HttpMethod("FROBNICATE"), path.Name));
            var documented = path.Value.EnumerateObject().Select(method => method.Name.ToUpperInvariant()).Order();
            if (path.Name == "/proxy")
            {
                Assert.Contains("missing_url", await response.Content.ReadAsStringAsync());
                continue;
            }

            Assert.Equal(documented, response.Content.Headers.Allow.Order());
        }

        Assert.Equal(
            [
                "/cache",
                "/cache/config",
                "/cache/entries",
                "/cache/entries/one",
                "/cache/events",
                "/cache/explain",
                "/cache/stats",
                "/docs",
                "/healthz",
                "/metrics",
                "/openapi.json",
                "/proxy",
                "/readyz",
            ],
            paths.EnumerateObject().Select(path => path.Name).Order()
        );
    }

    [Fact]
    public async Task EveryErrorCodeOfTheSource_IsInTheDocument_AndEveryExampleIsOneOfThem()
    {
        await using var proxy = await TestProxy.StartWithAsync(new(), new());
        var document = await DocumentAsync(proxy);
        var codes = document
            .GetProperty("components")
            .GetProperty("schemas")
            .GetProperty("ErrorDetail")
            .GetProperty("properties")
            .GetProperty("code")
            .GetProperty("enum")
            .EnumerateArray()
            .Select(code => code.GetString()!)
            .ToHashSet();
        Assert.Subset(codes, Enum.GetValues<OriginError>().Select(ErrorCodes.Of).ToHashSet());
        var examples = System
            .Text.RegularExpressions.Regex.Matches(document.GetRawText(), "\"code\": \"([a-z_]+)\"")
            .Select(match => match.Groups[1].Value);
        Assert.Subset(codes, examples.ToHashSet());
    }

    [Fact]
    public async Task ThePage_IsServedFromTheProgram_AndAsksNobodyElse()
    {
        await using var proxy = await TestProxy.StartWithAsync(new(), new());
        var redirect = await proxy.Client.GetAsync("/docs");
        Assert.Equal(
            (HttpStatusCode.MovedPermanently, "docs/index.html"),
            (redirect.StatusCode, redirect.Headers.Location!.ToString().TrimStart('/'))
        );
        var page = await proxy.Client.GetStringAsync("/docs/index.html");
        Assert.Contains("swagger-ui", page);
        Assert.DoesNotContain("http://", page);
        Assert.DoesNotContain("https://", page);
        Assert.Equal(HttpStatusCode.OK, (await proxy.Client.GetAsync("/docs/swagger-ui-bundle.js")).StatusCode);
        Assert.Contains("/openapi.json", await proxy.Client.GetStringAsync("/docs/index.js"));
    }

    private static async Task<JsonElement> DocumentAsync(TestProxy proxy) =>
        JsonDocument.Parse(await proxy.Client.GetStringAsync("/openapi.json")).RootElement;
}
