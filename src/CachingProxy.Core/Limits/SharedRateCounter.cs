namespace CachingProxy.Core.Limits;

/// <summary>
/// Counts for all nodes together, and on this node alone while the shared counter cannot be asked. This node counts as well, so that
/// neither of them begins anew when the other goes or comes back. Safe for any number of threads.
/// </summary>
/// <param name="shared">Counts for all nodes.</param>
/// <param name="local">Counts on this node.</param>
public sealed class SharedRateCounter(IRateCounter shared, RateCounter local) : IRateCounter
{
    /// <inheritdoc/>
    public async ValueTask<RateDecision?> TryTakeAsync(string key, IReadOnlyList<RateLimit> limits)
    {
        ArgumentNullException.ThrowIfNull(limits);
        if (await shared.TryTakeAsync(key, limits) is not { } decision)
        {
            return await local.TryTakeAsync(key, limits);
        }

        if (!decision.IsPermitted)
        {
            return decision;
        }

        // Requests that this node permitted while the shared counter was away still count when the counter is back. So does a hold.
        return await local.TryTakeAsync(key, limits) is { IsPermitted: false } refusal ? refusal : decision;
    }

    /// <inheritdoc/>
    public async ValueTask HoldAsync(string key, TimeSpan time)
    {
        await local.HoldAsync(key, time);
        await shared.HoldAsync(key, time);
    }
}
