using CachingProxy.Core.Messages;
using CachingProxy.Core.Parsing;

namespace CachingProxy.Core.Fetching;

/// <summary>
/// Holds content while it arrives: one writer, any number of readers, each at its own pace. The bytes are in a chain of chunks that readers
/// follow without locks or copies. A reader that has caught up waits for a signal.
/// </summary>
/// <remarks>
/// While the content is kept, the body holds the first chunk of the chain, and new readers may join. After <see cref="StopKeeping"/>, only
/// the readers hold the chain. Chunks that the slowest reader has passed are garbage, and the writer waits for that reader, so that the
/// memory in use is a window of bounded size.
/// </remarks>
internal sealed class GrowingBody
{
    /// <summary>The size of the largest chunk, below the large object heap's threshold of 85,000 bytes.</summary>
    public const int MaxChunkBytes = 64 * 1024;

    /// <summary>
    /// The largest number of bytes that are kept of a body that the second tier stores while it arrives. Only a window of a larger body
    /// stays in memory.
    /// </summary>
    public const long MaxKeptBytes = 64L << 20;

    /// <summary>The number of bytes by which the writer may be ahead of the slowest reader when the content is not kept.</summary>
    public const int WindowBytes = 1024 * 1024;

    /// <summary>
    /// The time for which one reader may hold up the writer and the other readers when the content is not kept. After that time, the reader
    /// is cut off.
    /// </summary>
    public static readonly TimeSpan SlowReaderLimit = TimeSpan.FromSeconds(10);

    private const int MinChunkBytes = 4 * 1024;

    private readonly TimeProvider _time;
    private readonly GrowthBudget _budget;
    private readonly Lock _lock = new();
    private readonly HashSet<GrowingBodyReader> _readers = [];
    private readonly Signal _grown = new();
    private readonly Signal _readerMoved = new();
    private BodyChunk? _first;
    private BodyChunk _last;
    private volatile bool _hasEnded;
    private OriginException? _failure;
    private long? _unreadSince;

    /// <summary>Begins an empty body; where the length is known, chunks are made to fit.</summary>
    public GrowingBody(long? announcedLength, TimeProvider time, GrowthBudget budget)
    {
        _time = time;
        _budget = budget;
        AnnouncedLength = announcedLength;
        _first = _last = new BodyChunk(NextChunkBytes());
    }

    /// <summary>The length that the origin stated, if it did.</summary>
    public long? AnnouncedLength { get; }

    /// <summary>The fields that came after the content; none until it is whole.</summary>
    public FieldList Trailers { get; private set; } = FieldList.Empty;

    /// <summary>The number of bytes that have arrived. For the writer.</summary>
    public long Length { get; private set; }

    /// <summary>Opens a reader at the beginning. Returns null if the beginning is not kept any more.</summary>
    public GrowingBodyReader? OpenReader()
    {
        lock (_lock)
        {
            if (_first is null)
            {
                return null;
            }

            var reader = new GrowingBodyReader(this, _first);
            _readers.Add(reader);
            _unreadSince = null;
            return reader;
        }
    }

    /// <summary>Returns room for the writer's next bytes. The room is empty only if all announced bytes are there.</summary>
    public Memory<byte> GetMemory()
    {
        if (_last.Free.IsEmpty && Length != AnnouncedLength)
        {
            _last.Publish();
            _last = _last.Next = new BodyChunk(NextChunkBytes());
        }

        return _last.Free;
    }

    /// <summary>
    /// Counts bytes that the writer has filled; readers see them after <see cref="Publish"/>. Returns the chunk if it is full now, else
    /// nothing.
    /// </summary>
    public ReadOnlyMemory<byte> Advance(int count)
    {
        Length += count;
        _last.Advance(count);
        return _last.Free.IsEmpty ? _last.Filled : default;
    }

    /// <summary>Returns the content of the last chunk, cut to size; nothing where that chunk is full and was handed out already.</summary>
    public ReadOnlyMemory<byte> TakeRest() => _last.Free.IsEmpty ? default : _last.Filled.ToArray();

    /// <summary>Lets readers have all bytes that have arrived.</summary>
    public void Publish()
    {
        _last.Publish();
        _grown.Raise();
    }

    /// <summary>Marks the content as whole: readers may have all of it, and the fields after it.</summary>
    public void Complete(FieldList trailers)
    {
        Trailers = trailers;
        _last.Publish();
        End(null);
    }

    /// <summary>Ends the content before it is whole: every reader sees this failure after the bytes that arrived.</summary>
    public void Fail(OriginException failure) => End(failure);

    /// <summary>Stops keeping the beginning of the content. From now on no reader joins, and the slowest reader sets the pace.</summary>
    public void StopKeeping()
    {
        lock (_lock)
        {
            _first = null;
        }
    }

    /// <summary>Returns true if there has been no reader for at least this time.</summary>
    public bool IsUnreadFor(TimeSpan time)
    {
        lock (_lock)
        {
            return _unreadSince is { } since && _time.GetElapsedTime(since) >= time;
        }
    }

    /// <summary>
    /// Waits until the slowest reader is less than the window behind. Cuts off a reader that is too late while other readers wait for it.
    /// Returns false when no reader is left.
    /// </summary>
    public async ValueTask<bool> WaitForReadersAsync(CancellationToken cancellation)
    {
        while (true)
        {
            var moved = _readerMoved.Next;
            lock (_lock)
            {
                if (_readers.Count == 0 || Length - _readers.Min(reader => reader.Position) < WindowBytes)
                {
                    return _readers.Count > 0;
                }
            }

            try
            {
                await moved.WaitAsync(SlowReaderLimit, _time, cancellation);
            }
            catch (TimeoutException)
            {
                CutOffSlowest();
            }
        }
    }

    /// <summary>
    /// Returns the bytes that have arrived beyond a reader's position. Waits if there are none yet; returns nothing at the end.
    /// </summary>
    public async ValueTask<ReadOnlyMemory<byte>> ReadAsync(GrowingBodyReader reader, CancellationToken cancellation)
    {
        while (true)
        {
            if (reader.TryPeek(out var bytes))
            {
                return bytes;
            }

            // Read the signal and the end before the second peek: that peek then sees all bytes that were written before either.
            var grown = _grown.Next;
            var hasEnded = _hasEnded;
            if (reader.TryPeek(out bytes))
            {
                return bytes;
            }

            if (hasEnded)
            {
                return _failure is null ? default : throw new OriginException(_failure.Error, _failure.Message, _failure);
            }

            await grown.WaitAsync(cancellation);
        }
    }

    /// <summary>Marks that a reader has taken bytes.</summary>
    public void OnReaderMoved() => _readerMoved.Raise();

    /// <summary>Removes a reader that has gone.</summary>
    public void Leave(GrowingBodyReader reader)
    {
        lock (_lock)
        {
            _readers.Remove(reader);
            _unreadSince = _readers.Count == 0 ? _time.GetTimestamp() : null;
        }

        _readerMoved.Raise();
    }

    // Cuts off every reader that is a window behind. A reader that is alone holds nobody up, and may be as slow as the server lets its
    // client be.
    private void CutOffSlowest()
    {
        lock (_lock)
        {
            if (_readers.Count < 2)
            {
                return;
            }

            foreach (var reader in _readers.Where(reader => Length - reader.Position >= WindowBytes).ToList())
            {
                _readers.Remove(reader);
                reader.CutOff();
                _budget.OnReaderCutOff();
            }
        }
    }

    private void End(OriginException? failure)
    {
        _failure = failure;
        _hasEnded = true;
        _grown.Raise();
    }

    // The first chunk is small unless it holds the whole body, so that even a thousand readers get their first bytes soon.
    private int NextChunkBytes() =>
        AnnouncedLength is { } announced
            ? (int)Math.Min(announced - Length, Length == 0 && announced > MaxChunkBytes ? 4 * MinChunkBytes : MaxChunkBytes)
            : (int)Math.Clamp(Length, MinChunkBytes, MaxChunkBytes);
}
