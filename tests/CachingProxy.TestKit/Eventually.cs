namespace CachingProxy.TestKit;

/// <summary>Waits for what other processes and threads bring about, and gives up when it takes too long.</summary>
public static class Eventually
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    public static Task IsAsync(Func<bool> condition) => IsAsync(() => Task.FromResult(condition()));

    public static async Task IsAsync(Func<Task<bool>> condition)
    {
        var begun = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            if (TimeProvider.System.GetElapsedTime(begun) > Limit)
            {
                throw new TimeoutException("It did not come about.");
            }

            await Task.Yield();
        }
    }
}
