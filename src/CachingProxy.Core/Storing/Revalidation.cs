using CachingProxy.Core.Decisions;
using CachingProxy.Core.Entries;
using CachingProxy.Core.Lookup;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Stores;

namespace CachingProxy.Core.Storing;

/// <summary>Updates stored responses when the origin answers about them (304, HEAD) without sending their content.</summary>
internal sealed class Revalidation(ICacheStore store, CacheLookup lookup, EntryFactory entries, SteadyClock clock)
{
    /// <summary>
    /// RFC 9111 §4.3.4: updates the stored responses that a 304 matches. Returns the response to serve; null where the 304 matches none of
    /// those that could be served.
    /// </summary>
    public async ValueTask<(CacheEntry Entry, bool IsStored)?> AfterNotModifiedAsync(
        StoredRequest request,
        CacheEntry validating,
        OriginResponse notModified,
        DateTimeOffset requestedAt,
        LogPosition position
    )
    {
        var candidates = (await store.FindAsync(validating.Key)).Where(request.IsAnsweredBy).ToList();
        (CacheEntry Entry, bool IsStored)? served = null;
        foreach (var stored in Freshening.Select(validating, candidates, notModified.Fields, clock.WallNow))
        {
            var (freshened, refusal) = entries.Freshen(request, stored, notModified, requestedAt, position);
            var isStored = refusal is null && await store.UpdateAsync(stored, freshened);
            if (IsAboutResponse(refusal))
            {
                await store.RemoveAsync(stored);
            }

            if (served is not { } last || freshened.Date >= last.Entry.Date)
            {
                served = (freshened, isStored);
            }
        }

        return served;
    }

    /// <summary>
    /// RFC 9111 §4.3.5: a response to HEAD updates the stored GET responses that could answer the same request, and removes those that it
    /// shows to be outdated.
    /// </summary>
    public async ValueTask AfterHeadAsync(CacheRequest request, OriginResponse head, DateTimeOffset requestedAt)
    {
        // A response to one user's credentials says nothing of the responses to others (RFC 9111 §3.5).
        if (head.Status != 200 || request.Face.Policy.TtlMode == TtlMode.Override || request.Fields["Authorization"].Count > 0)
        {
            return;
        }

        var asked = StoredRequest.Of(request, RequestFacts.RangeOf(request.Fields));
        foreach (var stored in (await lookup.CandidatesAsync(request.Key)).ToList())
        {
            // A response that arrived after the HEAD was sent may be newer than its answer.
            if (stored.Status != 200 || stored.Part is not null || stored.ReceivedAt >= requestedAt || !stored.Answers(request))
            {
                continue;
            }

            if (!Freshening.IsSameAs(stored, head.Fields, head.ContentLength))
            {
                await store.RemoveAsync(stored);
                continue;
            }

            if (!Freshening.IsEvidence(head.Fields))
            {
                continue;
            }

            var (freshened, refusal) = entries.Freshen(asked, stored, head, requestedAt, stored.Position);
            if (refusal is null)
            {
                await store.UpdateAsync(stored, freshened);
            }
            else if (IsAboutResponse(refusal))
            {
                await store.RemoveAsync(stored);
            }
        }
    }

    // Returns false for the refusals that concern the request and not the stored response.
    private static bool IsAboutResponse(NotStoredReason? refusal) =>
        refusal
            is not (
                null
                or NotStoredReason.Authorization
                or NotStoredReason.RequestNoStore
                or NotStoredReason.RequestCookie
                or NotStoredReason.RequestCredentials
            );
}
