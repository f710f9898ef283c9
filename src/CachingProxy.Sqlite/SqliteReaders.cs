using System.Collections.Concurrent;

namespace CachingProxy.Sqlite;

/// <summary>The connections that read, beside the one that writes; each is opened when it is first needed. Safe for any number of threads.</summary>
internal sealed class SqliteReaders(string path) : IDisposable
{
    private const int MaxReaders = 4;

    private readonly ConcurrentBag<SqliteReader> _idle = [];
    private readonly SemaphoreSlim _free = new(MaxReaders);

    /// <summary>Reads, off the thread of the request: the disk may be slow.</summary>
    /// <exception cref="Microsoft.Data.Sqlite.SqliteException">It failed.</exception>
    public async Task<T> ReadAsync<T>(Func<SqliteReader, T> read)
    {
        await _free.WaitAsync();
        try
        {
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

    public void Dispose()
    {
        foreach (var reader in _idle)
        {
            reader.Dispose();
        }

        _free.Dispose();
    }
}
