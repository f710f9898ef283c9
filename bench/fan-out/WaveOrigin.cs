using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;

namespace CachingProxy.FanOut;

/// <summary>The origin: slow, private, or large, and it remembers when it began to answer.</summary>
internal sealed class WaveOrigin(WebApplication application) : IAsyncDisposable
{
    public const int WaveBytes = 5_000_000;
    public const long LargeBytes = 2L << 30;

    private readonly ConcurrentDictionary<string, int> _asked = new();
    private readonly ConcurrentDictionary<string, long> _firstBytes = new();

    public Uri Url => new(application.Urls.First());

    public static async Task<WaveOrigin> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var application = builder.Build();
        var origin = new WaveOrigin(application);
        application.Run(origin.AnswerAsync);
        await application.StartAsync();
        return origin;
    }

    public int Asked(string path) => _asked.GetValueOrDefault(path);

    public long FirstByteAt(string path) => _firstBytes[path];

    public ValueTask DisposeAsync() => application.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        var path = context.Request.Path.Value!;
        _asked.AddOrUpdate(path, 1, (_, count) => count + 1);
        var response = context.Response;
        switch (path)
        {
            case "/private":
                await Task.Delay(50);
                response.Headers.CacheControl = "no-store";
                response.ContentLength = 1024;
                await response.Body.WriteAsync(new byte[1024]);
                break;
            case "/large":
                response.Headers.CacheControl = "max-age=3600";
                var block = new byte[256 * 1024];
                for (var left = LargeBytes; left > 0; left -= block.Length)
                {
                    await response.Body.WriteAsync(block);
                }

                break;
            default:
                await Task.Delay(1000);
                response.Headers.CacheControl = "max-age=3600";
                response.ContentLength = WaveBytes;
                var piece = new byte[WaveBytes / 50];
                Random.Shared.NextBytes(piece);
                var began = Stopwatch.GetTimestamp();
                for (var i = 0; i < 50; i++)
                {
                    _firstBytes.TryAdd(path, Stopwatch.GetTimestamp());
                    await response.Body.WriteAsync(piece);
                    await response.Body.FlushAsync();
                    var due = TimeSpan.FromMilliseconds(40 * (i + 1)) - Stopwatch.GetElapsedTime(began);
                    await Task.Delay(due > TimeSpan.Zero ? due : TimeSpan.Zero);
                }

                break;
        }
    }
}
