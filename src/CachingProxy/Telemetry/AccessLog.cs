using System.Buffers;
using System.Threading.Channels;
using CachingProxy.Core.Telemetry;
using Microsoft.Extensions.Logging;

namespace CachingProxy.Telemetry;

/// <summary>
/// Writes a line for each request. Requests only queue their events. The log's own thread makes and writes the lines, so that no request
/// waits for a slow reader of the log. An event is dropped and counted if <see cref="MaxQueued"/> events wait already, or if the texts of
/// the waiting events would have more than <see cref="MaxQueuedCharacters"/> characters. Safe for any number of threads.
/// </summary>
internal sealed partial class AccessLog : ICacheListener, IAsyncDisposable
{
    /// <summary>The largest number of events that wait to be written.</summary>
    public const int MaxQueued = 16 * 1024;

    /// <summary>The largest number of characters in the texts of the events that wait to be written.</summary>
    public const long MaxQueuedCharacters = 8 << 20;

    private const int MaxBatchBytes = 64 * 1024;

    // Lines are written in batches: to wake the thread for each line would cost more than to write the line.
    private static readonly TimeSpan BatchInterval = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan DrainLimit = TimeSpan.FromSeconds(2);

    private readonly Channel<RequestEvent> _queue = Channel.CreateBounded<RequestEvent>(
        new BoundedChannelOptions(MaxQueued) { SingleReader = true }
    );

    private readonly IAccessLine _line;
    private readonly LogOutput _output;
    private readonly ILogger _logger;
    private readonly Occasionally _tell;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ManualResetEventSlim _isEnding = new();
    private long _queuedCharacters;
    private long _dropped;

    /// <summary>Begins to write.</summary>
    /// <param name="line">Makes the lines.</param>
    /// <param name="output">Takes the lines. The caller has opened it, and this log disposes it.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Receives warnings about lines that are lost.</param>
    public AccessLog(IAccessLine line, LogOutput output, TimeProvider time, ILogger<AccessLog> logger)
    {
        _line = line;
        _output = output;
        _logger = logger;
        _tell = new Occasionally(TimeSpan.FromSeconds(10), time);
        new Thread(Run) { IsBackground = true, Name = "access log" }.Start();
    }

    /// <summary>The number of lines that were not written.</summary>
    public long Dropped => Volatile.Read(ref _dropped);

    /// <summary>Makes the log reopen its file before it writes the next line.</summary>
    public void Reopen() => _output.Reopen();

    /// <inheritdoc/>
    public void OnRequest(in RequestEvent request)
    {
        var characters = CharactersOf(request);
        if (Interlocked.Add(ref _queuedCharacters, characters) > MaxQueuedCharacters || !_queue.Writer.TryWrite(request))
        {
            Interlocked.Add(ref _queuedCharacters, -characters);
            Drop(1);
        }
    }

    /// <summary>Writes the events that are still queued. Spends at most two seconds on them.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        _isEnding.Set();
        try
        {
            await _ended.Task.WaitAsync(DrainLimit, TimeProvider.System);
        }
        catch (TimeoutException)
        {
            // The reader of the log takes nothing. The thread ends with the process.
        }
    }

    private void Run()
    {
        var batch = new ArrayBufferWriter<byte>(MaxBatchBytes);
        var reader = _queue.Reader;
        // The thread is this log's own, and may block.
        while (reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            _isEnding.Wait(BatchInterval);
            WriteAll(reader, batch);
        }

        _output.Dispose();
        _ended.SetResult();
    }

    private void WriteAll(ChannelReader<RequestEvent> reader, ArrayBufferWriter<byte> batch)
    {
        while (reader.TryPeek(out _))
        {
            var lines = 0;
            while (batch.WrittenCount < MaxBatchBytes && reader.TryRead(out var request))
            {
                Interlocked.Add(ref _queuedCharacters, -CharactersOf(request));
                _line.Write(batch, request);
                lines++;
            }

            try
            {
                _output.Write(batch.WrittenSpan);
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                Drop(lines, failure.Message);
            }

            batch.ResetWrittenCount();
        }
    }

    private static long CharactersOf(in RequestEvent request) =>
        request.Target.Length
        + (request.Key?.Target.Length ?? 0)
        + (request.Host?.Length ?? 0)
        + (request.UserAgent?.Length ?? 0)
        + (request.Referer?.Length ?? 0);

    private void Drop(int lines, string cause = "their reader is too slow")
    {
        var dropped = Interlocked.Add(ref _dropped, lines);
        if (_tell.IsTime())
        {
            LogDropped(_logger, dropped, cause);
        }
    }

    [LoggerMessage(130, LogLevel.Warning, "So far {Count} lines of the access log were not written: {Cause}")]
    private static partial void LogDropped(ILogger logger, long count, string cause);
}
