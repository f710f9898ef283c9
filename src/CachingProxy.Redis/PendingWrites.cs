using CachingProxy.Core.Keys;

namespace CachingProxy.Redis;

/// <summary>
/// Runs the writes to Redis in the background: one after the other for each URI. Safe for any number of threads.
/// </summary>
internal sealed class PendingWrites
{
    private readonly Dictionary<CacheKey, Task> _last = [];

    /// <summary>Queues a write, which runs after all earlier writes for the same URI.</summary>
    public void Add(CacheKey key, Func<Task> write)
    {
        lock (_last)
        {
            _last[key] = WriteAsync(_last.GetValueOrDefault(key, Task.CompletedTask), write);
        }
    }

    /// <summary>Waits until all queued writes for a URI are done or have failed.</summary>
    public Task Of(CacheKey key)
    {
        lock (_last)
        {
            return _last.GetValueOrDefault(key, Task.CompletedTask);
        }
    }

    /// <summary>Waits until all queued writes are done or have failed.</summary>
    public Task SettleAsync()
    {
        lock (_last)
        {
            return Task.WhenAll(_last.Values);
        }
    }

    /// <summary>
    /// Forgets completed writes. Call it now and then, not after each write, because it looks at the writes of all URIs.
    /// </summary>
    public void Forget()
    {
        lock (_last)
        {
            foreach (var (key, _) in _last.Where(write => write.Value.IsCompleted).ToList())
            {
                _last.Remove(key);
            }
        }
    }

    private static async Task WriteAsync(Task before, Func<Task> write)
    {
        await before;
        await Task.Yield();
        await write();
    }
}
