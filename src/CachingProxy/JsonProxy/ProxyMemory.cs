using System.Collections.Concurrent;
using CachingProxy.Core.Messages;

namespace CachingProxy.JsonProxy;

/// <summary>
/// The memory that all requests on <c>/proxy</c> hold together while they prepare their answers: received content, its inflated form, the
/// literal that is made of it. The memory is given out in segments that are reused, so that the process grows by no more than the budget,
/// however much traffic there is. Safe for any number of threads.
/// </summary>
/// <param name="maxBytes">The budget. A response that needs more by itself is a 502; one for which there is no room now, a 503.</param>
internal sealed class ProxyMemory(long maxBytes)
{
    /// <summary>The size of a segment: below the large object heap's threshold.</summary>
    public const int SegmentBytes = 64 * 1024;

    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    private readonly ConcurrentBag<byte[]> _free = [];
    private long _taken;

    /// <summary>How much is given out now, in bytes.</summary>
    public long TakenBytes => Volatile.Read(ref _taken);

    /// <summary>Takes one more segment.</summary>
    /// <param name="heldAlready">How many bytes the same response holds.</param>
    /// <exception cref="OriginException">The response needs more than the whole budget, or there is no room for the segment
    /// now.</exception>
    public byte[] Take(long heldAlready)
    {
        if (heldAlready + SegmentBytes > maxBytes)
        {
            throw new OriginException(
                OriginError.InvalidResponse,
                $"The upstream's content takes more than {maxBytes} bytes while the envelope is made of it; see --max-proxy-memory."
            );
        }

        if (Interlocked.Add(ref _taken, SegmentBytes) > maxBytes)
        {
            Interlocked.Add(ref _taken, -SegmentBytes);
            throw new OriginException(OriginError.Overloaded, "Other requests on /proxy hold all the memory there is for them.")
            {
                RetryAfter = RetryAfter,
            };
        }

        return _free.TryTake(out var segment) ? segment : GC.AllocateUninitializedArray<byte>(SegmentBytes);
    }

    /// <summary>Gives a segment back. Nobody may refer to it any more.</summary>
    public void GiveBack(byte[] segment)
    {
        _free.Add(segment);
        Interlocked.Add(ref _taken, -SegmentBytes);
    }
}
