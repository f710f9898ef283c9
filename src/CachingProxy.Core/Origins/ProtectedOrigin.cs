using CachingProxy.Core.Messages;
using CachingProxy.Core.Parsing;

namespace CachingProxy.Core.Origins;

/// <summary>
/// Protects an origin from overload: sends it no more requests at once than it has slots, none while it counts as down, and no more in any
/// time than its quota permits. All callers that ask the same origin share these limits. Safe for any number of threads.
/// </summary>
/// <param name="inner">The origin that the requests are sent to.</param>
/// <param name="slots">The slots, which limit the requests at once.</param>
/// <param name="quota">How often it may be asked.</param>
/// <param name="time">The clock.</param>
/// <param name="availability">The record of origins that count as down, which get no requests.</param>
public sealed class ProtectedOrigin(IOrigin inner, OriginSlots slots, OriginAvailability availability, OriginQuota quota, TimeProvider time)
    : IOrigin
{
    /// <inheritdoc/>
    public async ValueTask<OriginResponse> SendAsync(OriginRequest request, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(request);
        var authority = request.Key.Authority;
        // A request for an origin that is down does not wait for a slot. The check is repeated after the wait, since the origin may go down
        // meanwhile.
        availability.EnsureNotHeld(authority);
        // Before the slot: whoever waits for a turn holds nobody up who is before it.
        await quota.WaitAsync(request, cancellation);
        var slot = await slots.TakeAsync(authority, cancellation);
        try
        {
            var response = await SendAsync(request, authority, cancellation);
            if (!request.IsOfOneUser)
            {
                await quota.OnResponseAsync(authority, response, time.GetUtcNow());
            }

            if (response.Status == 101 || ServerSentEvents.AreIn(response.Fields))
            {
                // A stream that lasts for hours is no measure of how busy the origin is.
                slot.Dispose();
            }

            response.Hold(slot);
            return response;
        }
        catch
        {
            slot.Dispose();
            throw;
        }
    }

    private async ValueTask<OriginResponse> SendAsync(OriginRequest request, string authority, CancellationToken cancellation)
    {
        // The client sets the pace of the content: a late end or a failure may be the client's doing.
        var isUpload = request.Content is { CanSeek: false };
        using var attempt = availability.Begin(authority, mayProbe: !isUpload);
        try
        {
            var response = await inner.SendAsync(request, cancellation);
            attempt.OnAnswer();
            return response;
        }
        catch (OriginException failure)
        {
            if (failure.IsUnconnected || (!isUpload && failure.Error is OriginError.Disconnected or OriginError.Timeout))
            {
                attempt.OnFailure(failure);
            }
            else if (failure.Error == OriginError.InvalidResponse)
            {
                attempt.OnAnswer();
            }

            throw;
        }
    }
}
