using System.Buffers.Binary;
using System.IO.Compression;

namespace CachingProxy.HitRate;

/// <summary>A sequence of accesses; each key has one size.</summary>
internal sealed record Workload(string Name, int[] Keys, int[] Sizes)
{
    private const int FixedBytes = 1000;

    public static double[] UsualShares { get; } = [0.001, 0.01, 0.05, 0.1, 0.25];

    public double[] Shares { get; init; } = UsualShares;

    public long Footprint { get; } = Keys.Distinct().Sum(key => (long)Sizes[key]);

    /// <summary>All that policies are compared on.</summary>
    public static IEnumerable<Workload> All(string folder)
    {
        yield return Web07(folder);
        yield return Cdn(folder);
        foreach (var alpha in new[] { 0.8, 1.0 })
        {
            yield return Zipf(alpha, isSized: false, seed: 1);
            yield return Zipf(alpha, isSized: true, seed: 1);
            yield return ZipfWithScans(alpha, seed: 1);
        }

        yield return Loop();
    }

    public static Workload Web07(string folder)
    {
        var bytes = Unzip(Path.Combine(folder, "web07.trace.gz"));
        var keys = new int[bytes.Length / 4];
        for (var i = 0; i < keys.Length; i++)
        {
            keys[i] = BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(4 * i));
        }

        return new("web07", keys, OfOneSize(keys.Max() + 1));
    }

    public static Workload Cdn(string folder)
    {
        var numbers = new Dictionary<(long Key, int Bytes), int>();
        var (keys, sizes) = (new List<int>(), new List<int>());
        using var reader = new StreamReader(new MemoryStream(Unzip(Path.Combine(folder, "cdn-request.trace.gz"))));
        while (reader.ReadLine() is { } line)
        {
            var fields = line.Split(' ');
            var identity = (long.Parse(fields[1]), int.Parse(fields[2]));
            if (numbers.TryAdd(identity, numbers.Count))
            {
                sizes.Add(identity.Item2);
            }

            keys.Add(numbers[identity]);
        }

        return new("cdn", [.. keys], [.. sizes]);
    }

    /// <summary>Zipf over 100k objects; sizes are all equal, or log-normal (median 2.8 kB, as in the CDN's trace) regardless of popularity.</summary>
    public static Workload Zipf(double alpha, bool isSized, int seed)
    {
        var random = new Random(seed);
        var draw = ZipfDraw(alpha, 100_000, random);
        var keys = new int[2_000_000];
        for (var i = 0; i < keys.Length; i++)
        {
            keys[i] = draw();
        }

        var sizes = OfOneSize(100_000);
        for (var i = 0; isSized && i < sizes.Length; i++)
        {
            var normal = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
            sizes[i] = (int)Math.Clamp(2800 * Math.Exp(1.4 * normal), 100, 4 << 20);
        }

        return new($"zipf{alpha:0.0}{(isSized ? "-sized" : "")}", keys, sizes);
    }

    /// <summary>Of each 50k accesses, the last 10k are a scan of keys that are asked for once.</summary>
    public static Workload ZipfWithScans(double alpha, int seed)
    {
        var draw = ZipfDraw(alpha, 100_000, new Random(seed));
        var (keys, unique) = (new int[2_000_000], 100_000);
        for (var i = 0; i < keys.Length; i++)
        {
            keys[i] = i % 50_000 >= 40_000 ? unique++ : draw();
        }

        return new($"zipf{alpha:0.0}+scan", keys, OfOneSize(unique));
    }

    public static Workload Loop() =>
        new("loop", [.. Enumerable.Range(0, 500_000).Select(i => i % 10_000)], OfOneSize(10_000))
        {
            Shares = [.. UsualShares, 0.8, 0.9, 0.95, 0.99],
        };

    private static int[] OfOneSize(int keys) => [.. Enumerable.Repeat(FixedBytes, keys)];

    private static Func<int> ZipfDraw(double alpha, int objects, Random random)
    {
        var upTo = new double[objects];
        var sum = 0.0;
        for (var i = 0; i < objects; i++)
        {
            upTo[i] = sum += Math.Pow(i + 1, -alpha);
        }

        // Popularity is not to follow the key.
        var keys = Enumerable.Range(0, objects).ToArray();
        random.Shuffle(keys);
        return () =>
        {
            var found = Array.BinarySearch(upTo, random.NextDouble() * sum);
            return keys[Math.Min(found < 0 ? ~found : found, objects - 1)];
        };
    }

    private static byte[] Unzip(string path)
    {
        using var zipped = new GZipStream(File.OpenRead(path), CompressionMode.Decompress);
        var bytes = new MemoryStream();
        zipped.CopyTo(bytes);
        return bytes.ToArray();
    }
}
