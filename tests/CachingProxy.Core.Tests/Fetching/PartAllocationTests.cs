using CachingProxy.Core.Messages;
using CachingProxy.Core.Parsing;
using CachingProxy.TestKit;

namespace CachingProxy.Core.Tests.Fetching;

/// <summary>Adding to a stored part does not copy the part. Measures the allocations of the whole process, so no other test runs beside it.</summary>
[Collection(FillSoakTests.Alone)]
public class PartAllocationTests
{
    private readonly TestEngine _engine = new();

    [Fact]
    public async Task OneByteParts_AreNotPaidForWithTheWholeThatTheyAreAddedTo()
    {
        const int Large = 40_000_000;
        var face = Some.Face(
            new ScriptedOrigin(request =>
            {
                var (first, last) = (
                    RangeField.Parse(request.Fields["Range"])![0].First!.Value,
                    RangeField.Parse(request.Fields["Range"])![0].Last!.Value
                );
                return new OriginResponse(
                    206,
                    Some.Fields("Cache-Control: max-age=600", "ETag: \"1\"", $"Content-Range: bytes {first}-{last}/100000000"),
                    new MemoryStream(new byte[last - first + 1])
                )
                {
                    ContentLength = last - first + 1,
                };
            })
        );
        await _engine.ServeAsync(Some.Request(face, fields: $"Range: bytes=0-{Large - 1}"));
        await _engine.SettleAsync();
        var before = GC.GetTotalAllocatedBytes();
        for (var number = 0; number < 20; number++)
        {
            await _engine.ServeAsync(Some.Request(face, fields: $"Range: bytes={Large + number}-{Large + number}"));
            await _engine.SettleAsync();
        }

        // Twenty copies would be 800 MB.
        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 10L * Large);
        Assert.True(
            (await _engine.ServeAsync(Some.Request(face, fields: $"Range: bytes={Large - 1}-{Large + 19}"))).Result.CacheStatus.IsHit
        );
    }
}
