using CachingProxy.Core.Keys;

namespace CachingProxy.Redis;

/// <summary>
/// The writes on their way to Redis, in the background: one after the other for each URI. Safe for any number of threads.
/// </summary>
internal sealed class PendingWrites
{
    private readonly Dictionary<CacheKey, Task> _last = [];

    /// <summary>Writes, after what is on its way for the same URI.</summary>
    public void Add(CacheKey key, Func<Task> write)
    {
        lock (_last)
        {
            _last[key] = WriteAsync(_last.GetValueOrDefault(key, Task.CompletedTask), write);
        }
    }

    /// <summary>Ends when what is on its way for a URI is written, or has failed.</summary>
    public Task Of(CacheKey key)
    {
        lock (_last)
        {
            return _last.GetValueOrDefault(key, Task.CompletedTask);
        }
    }

    /// <summary>Ends when all that is on its way is written, or has failed.</summary>
    public Task SettleAsync()
    {
        lock (_last)
        {
            return Task.WhenAll(_last.Values);
        }
    }

    /// <summary>Forgets what is done. Now and then, and not at once: it is looked for by the lease that ends after it.</summary>
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
