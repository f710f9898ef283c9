using CachingProxy.Core.Limits;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Origins;
using CachingProxy.Core.Stores;
using CachingProxy.Core.Stores.Memory;
using CachingProxy.TestKit;
using Microsoft.Extensions.Logging.Abstractions;

namespace CachingProxy.Core.Tests.Fetching;

/// <summary>Everything at once: origins that are slow, fail, vary and grow too large, clients that go away, purges; and nothing is left of it.</summary>
[Collection(Alone)]
public class FillSoakTests
{
    /// <summary>What measures memory, or everything at once, runs when nothing else does.</summary>
    public const string Alone = "alone";

    private const int Workers = 16;
    private const int Urls = 40;
    private const int MaxObjectBytes = 100_000;

    // In a soak for a time; else until enough has happened.
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(60);
    private static readonly bool IsSoak = Environment.GetEnvironmentVariable("SOAK_TESTS") == "1";

    private readonly FakeTimeProvider _time = new();
    private readonly CancellationTokenSource _over = new(Duration);
    private int _served;

    [Fact]
    public async Task AfterRandomOriginsClientsAndPurges_NothingIsLeft()
    {
        var limits = new OriginLimits
        {
            MaxExchanges = 8,
            MaxQueued = 4,
            MaxFailures = 1000,
        };
        var slots = new OriginSlots(limits, _time);
        var store = new MemoryStore(new MemoryStoreOptions { MaxBytes = 2_000_000 });
        var engine = new CacheEngine(
            store,
            new CacheEngineOptions
            {
                Pseudonym = "under-test",
                MaxGrowingBytes = 1_000_000,
                MaxWaitersPerFill = 8,
            },
            _time,
            NullLogger<CacheEngine>.Instance
        );
        var origin = new ProtectedOrigin(
            new RandomOrigin(_over.Token),
            slots,
            new OriginAvailability(limits, _time, NullLogger<OriginAvailability>.Instance),
            new OriginQuota([], new RateCounter(_time), TimeSpan.FromSeconds(10), _time),
            _time
        );
        var face = Some.Face(origin, new CachePolicy { MaxObjectBytes = MaxObjectBytes, EarlyRefresh = 0.2 });
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var workers = Enumerable
            .Range(0, Workers)
            .Select(worker =>
                Task.Run(async () =>
                {
                    await gate.Task;
                    await WorkAsync(engine, face, new Random(worker));
                })
            )
            .ToList();
        gate.SetResult();
        while (!_over.IsCancellationRequested)
        {
            _time.Advance(TimeSpan.FromSeconds(0.5));
            await Task.Yield();
        }

        await Task.WhenAll(workers);
        await Eventually.IsAsync(() =>
        {
            // What waits for a slow reader, or for its turn, waits for time.
            _time.Advance(TimeSpan.FromSeconds(1));
            return engine.RunningFills == 0 && slots.BusyOrigins == 0;
        });

        await engine.PurgeAsync(Purge.All());
        Assert.True(_served > 500, $"Only {_served} requests were served.");
        Assert.Equal((0L, 0L, 0), (engine.GrowingBytes, store.HeldBytes, _time.RunningTimers));
        var left = GC.GetTotalMemory(forceFullCollection: true) - before;
        Assert.True(left < 4_000_000, $"{left} bytes are left.");
    }

    // Each body is made of the number of its URL, so that another's bytes would show.
    private async Task WorkAsync(CacheEngine engine, CacheFace face, Random random)
    {
        while (!_over.IsCancellationRequested)
        {
            var number = random.Next(Urls);
            if (random.Next(20) == 0)
            {
                await (random.Next(4) == 0 ? engine.PurgeAsync(Purge.All()) : engine.PurgeAsync(Purge.Url(Some.Key($"/{number}"))));
            }

            using var gone = new CancellationTokenSource();
            string[] fields =
            [
                $"X-Kind: {random.Next(3)}",
                .. random.Next(8) switch
                {
                    0 => ["Range: bytes=0-9"],
                    1 => ["Cache-Control: no-cache"],
                    _ => Array.Empty<string>(),
                },
            ];
            var request = Some.Request(face, $"/{number}", random.Next(10) == 0 ? "HEAD" : "GET", fields);
            try
            {
                var serving = engine.ServeAsync(request, gone.Token).AsTask();
                if (random.Next(6) == 0)
                {
                    await gone.CancelAsync();
                }

                await using var result = await serving;
                if (result.Failure is null && request.Method == "GET" && random.Next(6) > 0)
                {
                    var text = await TestEngine.ReadAsync(result, gone.Token);
                    Assert.True(text.All(letter => letter == (char)('A' + number)), $"/{number} had a foreign body.");
                    if (Interlocked.Increment(ref _served) > 5000 && !IsSoak)
                    {
                        await _over.CancelAsync();
                    }
                }
            }
            catch (Exception end) when (end is OperationCanceledException or OriginException) { }
        }
    }

    private sealed class RandomOrigin(CancellationToken over) : IOrigin
    {
        public async ValueTask<OriginResponse> SendAsync(OriginRequest request, CancellationToken cancellation)
        {
            var random = Random.Shared;
            for (var steps = random.Next(50); steps > 0 && !over.IsCancellationRequested; steps--)
            {
                await Task.Yield();
            }

            cancellation.ThrowIfCancellationRequested();
            if (random.Next(10) == 0)
            {
                throw new OriginException(OriginError.Disconnected, "It failed.");
            }

            string[] fields = random.Next(6) switch
            {
                0 => ["Cache-Control: no-store"],
                1 => ["Cache-Control: max-age=5, stale-while-revalidate=5", "Vary: X-Kind"],
                2 => ["Cache-Control: max-age=0", "ETag: \"1\""],
                _ => ["Cache-Control: max-age=10, stale-if-error=10", "Vary: X-Kind"],
            };
            var status =
                request.Fields.Contains("If-None-Match") ? 304
                : random.Next(12) == 0 ? 503
                : 200;
            var length =
                status == 304 ? 0
                : random.Next(8) == 0 ? MaxObjectBytes * 3
                : random.Next(1, 20_000);
            var letter = (byte)('A' + int.Parse(request.Key.Target[1..], System.Globalization.CultureInfo.InvariantCulture));
            return new OriginResponse(
                status,
                Some.Fields(fields),
                new RandomBody(letter, length, brokenBelow: random.Next(10) == 0 ? length / 2 : 0)
            )
            {
                ContentLength = status != 304 && random.Next(2) == 0 ? length : null,
            };
        }
    }

    private sealed class RandomBody(byte letter, int length, int brokenBelow) : ForwardStream
    {
        private int _left = length;

        public override bool CanRead => true;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await Task.Yield();
            if (_left < brokenBelow)
            {
                throw new OriginException(OriginError.Truncated, "It broke off.");
            }

            var count = Math.Min(Math.Min(buffer.Length, _left), Random.Shared.Next(1, 30_000));
            buffer.Span[..count].Fill(letter);
            _left -= count;
            return count;
        }
    }
}

/// <summary>Tests that run when no others do.</summary>
[CollectionDefinition(FillSoakTests.Alone, DisableParallelization = true)]
public class RunsAlone;
