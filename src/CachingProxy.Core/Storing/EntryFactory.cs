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
    public CacheEntry Create(FillRequest request, OriginResponse response, Freshness freshness, DateTimeOffset requestedAt, long position)
    {
        var policy = request.Face.Policy;
        var fields = StoredFields.Of(response, policy, via, clock.WallNow);
        return WithMetadata(
            new CacheEntry
            {
                Key = request.Key,
                Partition = request.Partition,
                Status = response.Status,
                Variant = VariantKey.Of(VaryField.Parse(response.Fields["Vary"]), request.Fields),
                Fields = fields,
                Freshness = freshness,
                Position = position,
            },
            response,
            requestedAt);
    }

    /// <summary>The fields for the one request that a response is an answer to; those for others are the entry's.</summary>
    public FieldList FirstHandFields(CachePolicy policy, OriginResponse response) => ServedFields.EndToEnd(response, policy, via);

    /// <summary>
    /// RFC 9111 §4.3.4: the entry after a 304. Its fields are updated (§3.2), its age and lifetime start anew, and it
    /// has seen every purge before the conditional request began.
    /// </summary>
    public CacheEntry Freshen(CacheEntry entry, CachePolicy policy, OriginResponse notModified, DateTimeOffset requestedAt, long position)
    {
        var fields = Freshening.Update(entry.Fields, StoredFields.Of(notModified, policy, via, clock.WallNow));
        var control = CacheControlParser.Parse(fields["Cache-Control"]);
        var freshness = Freshness.Of(entry.Status, fields, control, policy, clock.WallNow);
        return WithMetadata(entry with { Fields = fields, Freshness = freshness, Position = position }, notModified, requestedAt);
    }

    private CacheEntry WithMetadata(CacheEntry entry, OriginResponse response, DateTimeOffset requestedAt)
    {
        var wallNow = clock.WallNow;
        var now = clock.Now;
        var date = HttpDate.Parse(response.Fields["Date"].ToString(), wallNow);
        return entry with
        {
            Control = CacheControlParser.Parse(entry.Fields["Cache-Control"]),
            Date = date ?? wallNow,
            EntityTag = EntityTag.Parse(entry.Fields["ETag"].ToString()),
            LastModified = HttpDate.Parse(entry.Fields["Last-Modified"].ToString(), wallNow),
            ReceivedAt = now,
            // Under a TTL that overrides, an entry lives exactly the TTL from its arrival, whatever its dates say.
            InitialAge = entry.Freshness.Source == FreshnessSource.TimeToLive
                ? TimeSpan.Zero
                : CurrentAge.Initial(response.Fields["Age"], date, wallNow, now - requestedAt),
        };
    }
}
