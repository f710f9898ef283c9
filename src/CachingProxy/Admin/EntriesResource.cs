using CachingProxy.AspNetCore;
using CachingProxy.AspNetCore.Gate;
using CachingProxy.Core;
using CachingProxy.Core.Entries;
using CachingProxy.Core.Stores;
using CachingProxy.Http.Targets;

namespace CachingProxy.Admin;

/// <summary>Shows what is stored: <c>/cache/entries</c> a page of it, <c>/cache/entries/one</c> all variants of one URL.</summary>
internal sealed class EntriesResource(CacheEngine engine, ISecondTier? secondTier, OriginBase? origin, NamedUrl named)
{
    private const int MaxPage = 1000;

    // A page looks at a part of the index; pages without any match are looked through until this many.
    private const int MaxLooks = 64;

    public async Task ListAsync(Exchange exchange, GuardedRequest guarded)
    {
        var (parameters, error) = AdminParameters.Read(guarded, ["from", "max", "prefix", "tag", "status"]);
        var (from, fromError) = parameters?.Number("from", 0, 0, long.MaxValue) ?? default;
        var (max, maxError) = parameters?.Number("max", 100, 1, MaxPage) ?? default;
        var (status, statusError) = parameters?.Number("status", 0, 100, 599) ?? default;
        if ((error ?? fromError ?? maxError ?? statusError) is { } wrong)
        {
            await wrong.WriteAsync(exchange);
            return;
        }

        var entries = new List<ApiEntry>();
        long? next = from;
        for (var looks = 0; next is { } place && entries.Count < max && looks < MaxLooks; looks++)
        {
            if (await engine.Inspector.ListAsync(place, (int)max - entries.Count, IsWanted) is not var (found, after))
            {
                break;
            }

            // A walk through everything takes a while: others go on meanwhile, and a client that has left ends it.
            await Task.Yield();
            exchange.ClientGone.ThrowIfCancellationRequested();
            entries.AddRange(found.Select(entry => ApiEntry.Of(entry, withFields: false)));
            next = after;
        }

        await ApiAnswer.WriteAsync(exchange, 200, new ApiEntries(true, entries, next, Note()), ApiJson.Readable.ApiEntries);

        bool IsWanted(CacheEntry entry) =>
            (status == 0 || entry.Status == status)
            && (parameters!["prefix"] is not { } prefix || IsBelow(entry, prefix))
            && (parameters["tag"] is not { } tag || entry.Tags.Contains(tag));
    }

    public async Task OneAsync(Exchange exchange, GuardedRequest guarded)
    {
        var (parameters, error) = AdminParameters.Read(guarded, ["url"]);
        var (key, urlError) = parameters is null ? default : named.Read(parameters, exchange, guarded);
        if ((error ?? urlError) is { } wrong)
        {
            await wrong.WriteAsync(exchange);
            return;
        }

        var entries = (await engine.Inspector.FindAsync(key)).Select(entry => ApiEntry.Of(entry, withFields: true)).ToList();
        await ApiAnswer.WriteAsync(exchange, 200, new ApiEntries(true, entries, null, null), ApiJson.Readable.ApiEntries);
    }

    private string? Note() =>
        secondTier is null
            ? null
            : "Entries of the memory tier alone; those of --store are shown where one URL is asked for and the memory has none.";

    // A prefix of the whole upstream URL, or of the path that clients ask for.
    private bool IsBelow(CacheEntry entry, string prefix)
    {
        var url = entry.Key.Authority + entry.Target;
        if (!prefix.StartsWith('/'))
        {
            return url.StartsWith(prefix, StringComparison.Ordinal);
        }

        return entry.Target.StartsWith(prefix, StringComparison.Ordinal)
            || (
                origin is not null
                && entry.Key.Authority == origin.Authority
                && origin.WithoutBase(entry.Target).StartsWith(prefix, StringComparison.Ordinal)
            );
    }
}
