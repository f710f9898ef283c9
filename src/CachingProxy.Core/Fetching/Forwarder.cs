using CachingProxy.Core.Decisions;
using CachingProxy.Core.Entries;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Parsing;
using CachingProxy.Core.Purging;
using CachingProxy.Core.Storing;
using CachingProxy.Core.Telemetry;

namespace CachingProxy.Core.Fetching;

/// <summary>
/// Passes on requests whose responses are for one client alone. Each response goes at the pace of its client, and ends when the client
/// goes. Purges the entries that an unsafe request may have changed (RFC 9111 §4.4). Safe for any number of threads.
/// </summary>
/// <param name="fills">Stores the response to an unsafe request if it may answer later requests.</param>
/// <param name="purger">Purges.</param>
/// <param name="freshener">Updates the stored responses that a response to HEAD is about.</param>
/// <param name="invalidations">The log of purges.</param>
/// <param name="failures">Logs the failures of the origin.</param>
/// <param name="clock">The clock.</param>
internal sealed class Forwarder(
    FillTable fills,
    Purger purger,
    Revalidation freshener,
    InvalidationLog invalidations,
    FailureLog failures,
    SteadyClock clock
)
{
    /// <summary>Passes a request on. Returns the response for its client, or the failure.</summary>
    /// <exception cref="OperationCanceledException">The client has gone.</exception>
    public async ValueTask<FetchResult> ForwardAsync(CacheRequest request, CancellationToken clientGone)
    {
        var requestedAt = clock.Now;
        var position = invalidations.Begin();
        OriginResponse? response = null;
        try
        {
            var toOrigin = request.CreateOriginRequest() with { OnInterim = request.OnInterim };
            response = await request.Face.Origin.SendAsync(toOrigin, clientGone);
            if (UnsafeMethods.IsUnsafe(request.Method))
            {
                if (await purger.AfterUnsafeAsync(request, response, position) is { } left)
                {
                    var fill = fills.BeginAt(FillRequest.OfReceived(request, response, requestedAt), left);
                    return FetchResult.AtFirstHand(await Fetcher.HeadAsync(fill, clientGone));
                }
            }
            else if (request.IsHead && ReuseRules.Bypass(request) is null)
            {
                await freshener.AfterHeadAsync(request, response, requestedAt);
            }

            return new FetchResult.Forwarded(response);
        }
        catch (OriginException failure)
        {
            failures.Add(new OriginRequest(request.Method, request.Key, FieldList.Empty), failure);
            // If the request may have reached the origin, the origin may have acted on it although no response came back.
            await (failure.MayHaveBeenSent ? purger.AfterSilenceAsync(request) : ValueTask.CompletedTask);
            return new FetchResult.Failed(failure);
        }
        catch (Exception failure)
        {
            await (response?.DisposeAsync() ?? ValueTask.CompletedTask);
            await (failure is OperationCanceledException ? purger.AfterSilenceAsync(request) : ValueTask.CompletedTask);
            throw;
        }
        finally
        {
            invalidations.End(position);
        }
    }
}
