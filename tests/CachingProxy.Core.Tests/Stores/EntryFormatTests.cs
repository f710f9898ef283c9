using System.Buffers.Binary;
using CachingProxy.Core.Stores;
using CachingProxy.TestKit;

namespace CachingProxy.Core.Tests.Stores;

public class EntryFormatTests
{
    private static readonly byte[] Head = EntryFormat.Write(
        Some.Entry("Cache-Control: max-age=60", "Vary: X-A", "ETag: \"1\"") with
        {
            Tags = ["a", "b"],
        },
        4
    );

    [Fact]
    public void L03_AHeadWithAnyBitFlipped_IsNone()
    {
        for (var bit = 0; bit < Head.Length * 8; bit++)
        {
            var bytes = Head.ToArray();
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.Null(EntryFormat.Read(bytes));
        }
    }

    [Fact]
    public void L03_AHeadThatEndsAnywhere_IsNone() =>
        Assert.All(Enumerable.Range(0, Head.Length), length => Assert.Null(EntryFormat.Read(Head.AsMemory(0, length))));

    [Fact]
    public void L03_AHeadOfAnybodys_WithTheRightChecksum_NeitherThrowsNorTakesMemory()
    {
        var random = new Random(1);
        var before = GC.GetAllocatedBytesForCurrentThread();
        const int rounds = 50_000;
        for (var round = 0; round < rounds; round++)
        {
            var bytes = Head.ToArray();
            for (var changes = random.Next(1, 4); changes > 0; changes--)
            {
                var at = random.Next(1, bytes.Length - 8);
                if (random.Next(2) == 0)
                {
                    bytes[at] = (byte)random.Next(256);
                }
                else
                {
                    // What counts and lengths are made of: none, many, all.
                    BinaryPrimitives.WriteInt32LittleEndian(
                        bytes.AsSpan(at),
                        (int[])[-1, -2, 0, int.MaxValue, int.MinValue, 0x10000000] is var odd ? odd[random.Next(odd.Length)] : 0
                    );
                }
            }

            BinaryPrimitives.WriteUInt32LittleEndian(
                bytes.AsSpan(bytes.Length - 4),
                EntryFormat.Checksum(bytes.AsSpan(0, bytes.Length - 4))
            );
            if (EntryFormat.Read(bytes) is { } stored)
            {
                // What is read can be reckoned with.
                Assert.InRange(stored.Entry.Status, 200, 599);
                _ = stored.Entry.WorthKeepingUntil;
                _ = stored.Entry.AgeAt(FakeTimeProvider.Start);
            }
        }

        Assert.InRange((GC.GetAllocatedBytesForCurrentThread() - before) / rounds, 0, 40 * Head.Length);
    }

    [Theory]
    [InlineData("X: a\u0001")]
    [InlineData("X: a\rb")]
    public void L03_AFieldThatCouldNotBeSent_MakesItNone(string field) =>
        Assert.Null(EntryFormat.Read(EntryFormat.Write(Some.Entry(field), 4)));

    [Fact]
    public void TheChecksumOfContent_SaysWhoseItIs_AndWhichPiece()
    {
        byte[] content = [1, 2, 3];
        Assert.Equal(
            4,
            new[]
            {
                EntryFormat.ContentChecksum(1, 0, content),
                EntryFormat.ContentChecksum(2, 0, content),
                EntryFormat.ContentChecksum(1, 1, content),
                EntryFormat.ContentChecksum(1, -1, content),
            }
                .Distinct()
                .Count()
        );
    }
}
