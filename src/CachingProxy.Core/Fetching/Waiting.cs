using CachingProxy.Core.Messages;

namespace CachingProxy.Core.Fetching;

/// <summary>
/// A place among the requests that wait for the head of a fill. Until the place is disposed, the fill keeps the beginning of the content,
/// so that a request that has seen the head can still open a reader on all of it.
/// </summary>
/// <param name="fill">The fill whose head the request waits for.</param>
/// <param name="isOneTooMany">True if this waiter exceeds the limit.</param>
internal sealed class Waiting(Fill fill, bool isOneTooMany) : IDisposable
{
    /// <summary>Waits for the head of the fill, or of the overdue one that it began beside.</summary>
    /// <returns>The outcome and its fill; both null if no head came in time.</returns>
    /// <exception cref="OperationCanceledException">The client has gone.</exception>
    public async ValueTask<(FillOutcome? Outcome, Fill? Source)> WaitAsync(
        TimeSpan timeout,
        TimeProvider time,
        CancellationToken clientGone
    )
    {
        if (isOneTooMany && !fill.Head.IsCompleted)
        {
            var tooMany = new OriginException(OriginError.Overloaded, "Too many requests wait for this response already.")
            {
                RetryAfter = TimeSpan.FromSeconds(1),
            };
            return (new FillOutcome.Failed(tooMany), fill);
        }

        try
        {
            var first = await fill.FirstAsync().WaitAsync(timeout, time, clientGone);
            return (await first.Head, first);
        }
        catch (TimeoutException)
        {
            fill.OnWaitedInVain();
            return default;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => fill.OnWaitingEnds();
}
