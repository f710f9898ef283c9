using System.Numerics;

namespace CachingProxy.HitRate.Policies;

/// <summary>
/// How often keys were asked for of late: a count-min sketch of four rows of 4-bit counters, halved periodically.
/// It grows with what the cache holds, since a cache bounded in bytes does not know beforehand how many that is.
/// </summary>
internal sealed class FrequencySketch
{
    private const int PeriodPerWord = 10;

    private static readonly ulong[] Seeds = [0xc3a5c85c97cb3127, 0xb492b66fbe98f273, 0x9ae16a3b2f90404f, 0xcbf29ce484222325];

    private ulong[] _words = new ulong[64];
    private long _counted;

    /// <summary>Doubles where needed; both halves inherit the counts, so none is lost.</summary>
    public void GrowTo(int entries)
    {
        while (_words.Length < entries)
        {
            _words = [.. _words, .. _words];
        }
    }

    public void Count(int key)
    {
        var (hash, first) = Spread(key);
        var isCounted = false;
        for (var row = 0; row < 4; row++)
        {
            ref var word = ref _words[IndexOf(hash, row)];
            var shift = (first + row) * 4;
            if (((word >> shift) & 15) < 15)
            {
                word += 1UL << shift;
                isCounted = true;
            }
        }

        if (isCounted && ++_counted >= (long)PeriodPerWord * _words.Length)
        {
            Halve();
        }
    }

    public int FrequencyOf(int key)
    {
        var (hash, first) = Spread(key);
        var least = 15;
        for (var row = 0; row < 4; row++)
        {
            least = Math.Min(least, (int)((_words[IndexOf(hash, row)] >> ((first + row) * 4)) & 15));
        }

        return least;
    }

    private static (ulong Hash, int First) Spread(int key)
    {
        var hash = (uint)key * 0x9E3779B97F4A7C15UL;
        hash ^= hash >> 32;
        return (hash, (int)(hash >> 62) * 4);
    }

    private int IndexOf(ulong hash, int row)
    {
        var mixed = (hash + Seeds[row]) * Seeds[row];
        mixed ^= mixed >> 32;
        return (int)(mixed & (ulong)(_words.Length - 1));
    }

    private void Halve()
    {
        long odd = 0;
        for (var i = 0; i < _words.Length; i++)
        {
            odd += BitOperations.PopCount(_words[i] & 0x1111111111111111);
            _words[i] = (_words[i] >> 1) & 0x7777777777777777;
        }

        _counted = (_counted - (odd / 4)) / 2;
    }
}
