using System.IO.Pipelines;
using System.Text;
using CachingProxy.Core;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Stores.Memory;
using Microsoft.Extensions.Logging.Abstractions;

namespace CachingProxy.TestKit;

/// <summary>An engine with a memory store and a clock of its own.</summary>
public sealed class TestEngine
{
    public TestEngine(MemoryStore? store = null, long maxGrowingBytes = 256L << 20, int maxWaitersPerFill = 10_000)
    {
        Store = store ?? new MemoryStore(new MemoryStoreOptions());
        var options = new CacheEngineOptions
        {
            Pseudonym = "under-test",
            MaxGrowingBytes = maxGrowingBytes,
            MaxWaitersPerFill = maxWaitersPerFill,
        };
        Engine = new CacheEngine(Store, options, Time, NullLogger<CacheEngine>.Instance);
    }

    public FakeTimeProvider Time { get; } = new();

    public MemoryStore Store { get; }

    public CacheEngine Engine { get; }

    /// <summary>Serves a request to its end.</summary>
    public async Task<(CacheResult Result, string Body)> ServeAsync(CacheRequest request, CancellationToken clientGone = default)
    {
        await using var result = await Engine.ServeAsync(request, clientGone);
        return (result, await ReadAsync(result, clientGone));
    }

    /// <summary>The content of a result, as text.</summary>
    public static async Task<string> ReadAsync(CacheResult result, CancellationToken clientGone = default)
    {
        var received = new MemoryStream();
        var pipe = PipeWriter.Create(received, new StreamPipeWriterOptions(leaveOpen: true));
        await result.Body.CopyToAsync(pipe, clientGone);
        await pipe.CompleteAsync();
        return Encoding.UTF8.GetString(received.ToArray());
    }

    /// <summary>Waits until no fetch is under way any more.</summary>
    public Task SettleAsync() => Engine.SettleAsync();
}
