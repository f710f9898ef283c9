using CachingProxy.Core.Decisions;
using CachingProxy.Core.Entries;
using CachingProxy.Core.Keys;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Parsing;

namespace CachingProxy.Core.Storing;

/// <summary>Makes the entry of a response that is to be stored, and the updated entry after a validation.</summary>
internal sealed class EntryFactory(SteadyClock clock, SearchVariances variances, string via)
{
    /// <summary>Makes the entry of a new response, its content still to come.</summary>
    public CacheEntry Create(
        StoredRequest request,
        OriginResponse response,
        Freshness freshness,
        DateTimeOffset requestedAt,
        LogPosition position
    )
    {
        var fields = response.Fields;
        var variance = SearchVariance.Parse(fields["No-Vary-Search"]);
        if (variance is not null && !variances.TryLearn(request.Key, variance))
        {
            variance = null;
        }

        return WithMetadata(
            new CacheEntry
            {
                Key = SearchVariances.KeyOf(request.Key, variance),
                Target = request.Key.Target,
                Partition = request.Partition,
                Status = response.Status,
                Part = PartOf(request, response),
                SearchVariance = variance,
                Variant = VariantKey.Of(fields, request.SelectingFields),
                Fields = StoredFields.Of(response, request.Policy, via, clock.WallNow),
                Freshness = freshness,
                Control = ResponseDirectives.Parse(fields),
                Position = position,
                Tags = ResponseTags.Of(fields) ?? [],
            },
            response,
            requestedAt
        );
    }

    /// <summary>Returns the fields for the request that fetched the response; other requests get the fields of the entry.</summary>
    public FieldList FirstHandFields(CachePolicy policy, OriginResponse response) => ServedFields.EndToEnd(response, policy, via);

    /// <summary>
    /// RFC 9111 §4.3.4, §4.3.5: returns an entry as a 304 or a response to HEAD updates it. Its fields are updated (§3.2), its age and
    /// lifetime start anew, and only purges after <paramref name="position"/> count against it. Also returns the reason if the updated
    /// entry may not be stored: an update can forbid storing, as any response can.
    /// </summary>
    public (CacheEntry Entry, NotStoredReason? Refusal) Freshen(
        StoredRequest request,
        CacheEntry entry,
        OriginResponse update,
        DateTimeOffset requestedAt,
        LogPosition position
    )
    {
        var policy = request.Policy;
        var received = update.Fields;
        var merged = Freshening.Update(entry.Fields, StoredFields.Of(update, policy, via, clock.WallNow), policy);

        // The directives of the update count even where they are not passed on (a field that Connection names).
        var asReceived = merged;
        foreach (var name in (string[])["Cache-Control", ResponseDirectives.TargetedField])
        {
            asReceived = received[name] is { Count: > 0 } stated ? asReceived.With(name, stated) : asReceived;
        }

        var saysNothing = !received.Contains("Cache-Control") && !received.Contains(ResponseDirectives.TargetedField);
        var control = saysNothing ? entry.Control : ResponseDirectives.Parse(asReceived);
        var facts = request.Facts with { Method = "GET", Range = null };
        var decision = StorageRules.Decide(
            policy,
            request.Key,
            facts,
            new OriginResponse(entry.Status, asReceived, Stream.Null),
            clock.WallNow
        );
        var freshened = WithMetadata(
            entry with
            {
                Fields = StoredFields.Permitted(merged, control, policy),
                Freshness = decision is StorageDecision.Store(var freshness) ? freshness : default,
                Control = control,
                Position = position,
                Tags = ResponseTags.Of(received) is { Count: > 0 } tags ? tags : entry.Tags,
                Variant =
                    IsChanged("Vary") || IsChanged("Content-Language") ? VariantKey.Of(merged, request.SelectingFields) : entry.Variant,
                // If No-Vary-Search has changed, the entry keeps its key, and answers only for its own target.
                SearchVariance = IsChanged("No-Vary-Search") ? null : entry.SearchVariance,
            },
            update,
            requestedAt
        );
        return (freshened, (decision as StorageDecision.DoNotStore)?.Reason);

        bool IsChanged(string name) => !Microsoft.Extensions.Primitives.StringValues.Equals(merged[name], entry.Fields[name]);
    }

    // StorageRules has seen to it that the range and the length are known.
    private static StoredPart? PartOf(StoredRequest request, OriginResponse response) =>
        response.Status == 206 && ContentRange.Parse(response.Fields["Content-Range"]) is { } range
            ? new StoredPart(range, response.ContentLength!.Value, StoredPart.Remember(request.Facts.Range ?? ""))
            : null;

    private CacheEntry WithMetadata(CacheEntry entry, OriginResponse response, DateTimeOffset requestedAt)
    {
        var wallNow = clock.WallNow;
        var now = clock.Now;
        var date = HttpDate.ParseEarliest(response.Fields["Date"], wallNow);
        var age = CurrentAge.Initial(response.Fields["Age"], date, wallNow, now - requestedAt);
        return entry with
        {
            Date = date ?? wallNow,
            EntityTag = EntityTag.Parse(entry.Fields["ETag"].ToString()),
            LastModified = HttpDate.Parse(entry.Fields["Last-Modified"].ToString(), wallNow),
            ReceivedAt = now,
            InitialAge = age,
            // The TTL counts from the arrival here, regardless of the response's age at that time and of the origin's clock.
            Freshness =
                entry.Freshness.Source == FreshnessSource.TimeToLive
                    ? entry.Freshness with
                    {
                        Lifetime = entry.Freshness.Lifetime + age,
                    }
                    : entry.Freshness,
        };
    }
}
