using System.Collections.Concurrent;

namespace CachingProxy.Sqlite;

/// <summary>
/// The connections that read, beside the one that writes; each is opened when it is first needed. Safe for any number of threads.
/// </summary>
internal sealed class SqliteReaders(string path) : IAsyncDisposable
{
    private const int MaxReaders = 4;

    private readonly ConcurrentBag<SqliteReader> _idle = [];
    private readonly SemaphoreSlim _free = new(MaxReaders);
    private volatile bool _isClosed;

    /// <summary>Reads, off the thread of the request: the disk may be slow.</summary>
    /// <exception cref="Microsoft.Data.Sqlite.SqliteException">The read failed.</exception>
    /// <exception cref="ObjectDisposedException">The file is closed.</exception>
    public async Task<T> ReadAsync<T>(Func<SqliteReader, T> read)
    {
        await _free.WaitAsync();
        try
        {
            ObjectDisposedException.ThrowIf(_isClosed, this);
            return await Task.Run(() =>
            {
                var reader = _idle.TryTake(out var idle) ? idle : new SqliteReader(path);
                try
                {
                    return read(reader);
                }
                finally
                {
                    _idle.Add(reader);
                }
            });
        }
        finally
        {
            _free.Release();
        }
    }

    /// <summary>Waits until no reads are left, and closes the connections. Later reads are refused.</summary>
    public async ValueTask DisposeAsync()
    {
        for (var i = 0; i < MaxReaders; i++)
        {
            await _free.WaitAsync();
        }

        _isClosed = true;
        foreach (var reader in _idle)
        {
            reader.Dispose();
        }

        _free.Release(MaxReaders);
    }
}
