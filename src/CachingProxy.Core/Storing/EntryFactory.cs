using CachingProxy.Core.Decisions;
using CachingProxy.Core.Fetching;
using CachingProxy.Core.Keys;
using CachingProxy.Core.Parsing;
using CachingProxy.Core.Responding;

namespace CachingProxy.Core.Storing;

/// <summary>Makes the entry of a response that is to be stored, and the one that a validation leaves of it.</summary>
internal sealed class EntryFactory(SteadyClock clock, string via)
{
    /// <summary>The entry of a new response, its content still to come.</summary>
    public CacheEntry Create(FillRequest request, OriginResponse response, Freshness freshness, DateTimeOffset requestedAt, long position) =>
        WithMetadata(
            new CacheEntry
            {
                Key = request.Key,
                Partition = request.Partition,
                Status = response.Status,
                Variant = VariantKey.Of(VaryField.Parse(response.Fields["Vary"]), request.Fields),
                Fields = StoredFields.Of(response, request.Face.Policy, via, clock.WallNow),
                Freshness = freshness,
                Control = CacheControlParser.Parse(response.Fields["Cache-Control"]),
                Position = position,
            },
            response,
            requestedAt);

    /// <summary>The fields for the one request that a response is an answer to; those for others are the entry's.</summary>
    public FieldList FirstHandFields(CachePolicy policy, OriginResponse response) => ServedFields.EndToEnd(response, policy, via);

    /// <summary>
    /// RFC 9111 §4.3.4: the entry after a 304. Its fields are updated (§3.2), its age and lifetime start anew, and it
    /// has seen every purge before the conditional request began. With it, whether it may still be stored: a 304 can
    /// forbid that as any response can.
    /// </summary>
    public (CacheEntry Entry, bool MayBeStored) Freshen(FillRequest request, CacheEntry entry, OriginResponse notModified, DateTimeOffset requestedAt, long position)
    {
        var policy = request.Face.Policy;
        var fields = Freshening.Update(entry.Fields, StoredFields.Of(notModified, policy, via, clock.WallNow), policy);
        var stated = notModified.Fields["Cache-Control"];
        var asReceived = stated.Count > 0 ? fields.With("Cache-Control", stated) : fields;
        var decision = StorageRules.Decide(policy, request.Facts, new OriginResponse(entry.Status, asReceived, Stream.Null), clock.WallNow);
        var freshened = WithMetadata(
            entry with
            {
                Fields = fields,
                Freshness = decision is StorageDecision.Store(var freshness) ? freshness : default,
                Control = stated.Count > 0 ? CacheControlParser.Parse(stated) : entry.Control,
                Position = position,
            },
            notModified,
            requestedAt);
        return (freshened, decision is StorageDecision.Store);
    }

    private CacheEntry WithMetadata(CacheEntry entry, OriginResponse response, DateTimeOffset requestedAt)
    {
        var wallNow = clock.WallNow;
        var now = clock.Now;
        var date = HttpDate.Parse(response.Fields["Date"].ToString(), wallNow);
        var age = CurrentAge.Initial(response.Fields["Age"], date, wallNow, now - requestedAt);
        return entry with
        {
            Date = date ?? wallNow,
            EntityTag = EntityTag.Parse(entry.Fields["ETag"].ToString()),
            LastModified = HttpDate.Parse(entry.Fields["Last-Modified"].ToString(), wallNow),
            ReceivedAt = now,
            InitialAge = age,
            // The TTL counts from the arrival here, however old the response was then or the origin's clock has it.
            Freshness = entry.Freshness.Source == FreshnessSource.TimeToLive
                ? entry.Freshness with { Lifetime = entry.Freshness.Lifetime + age }
                : entry.Freshness,
        };
    }
}
