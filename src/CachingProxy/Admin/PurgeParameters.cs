using CachingProxy.AspNetCore;
using CachingProxy.Core.Keys;
using CachingProxy.Core.Purging;
using CachingProxy.JsonProxy;

namespace CachingProxy.Admin;

/// <summary>What a client names to be purged: <c>url</c>, <c>prefix</c> and <c>tag</c>, each once or several times, and <c>soft</c>.</summary>
internal sealed class PurgeParameters(ProxyTargetParser targets, OriginBase? origin)
{
    /// <summary>The purges that a query asks for, everything where it names nothing; or what is wrong with it.</summary>
    public (IReadOnlyList<Purge> Purges, ApiError? Error) Read(string requestTarget)
    {
        var purges = new List<Purge>();
        var isSoft = false;
        foreach (var (name, value) in QueryParameters.Of(requestTarget))
        {
            ApiError? error = null;
            switch (name)
            {
                case "url" or "prefix" when value.Length == 0:
                    error = Invalid($"{name} is empty; leave it out to purge everything.");
                    break;
                case "url" or "prefix" when value.EndsWith('*'):
                    error = Invalid($"'{value}' ends with a *, and there are no patterns; prefix=/a purges /a and all below it, prefix=/ all of the origin. The method PURGE takes a path as it is.");
                    break;
                case "url" when Url(value, out error) is { } key:
                    purges.Add(Purge.Url(key));
                    break;
                case "prefix" when Url(value, out error) is { } key:
                    error = key.Target.Contains('?', StringComparison.Ordinal) ? Invalid($"The prefix '{value}' has a query; a prefix is whole segments of a path.") : null;
                    purges.Add(Purge.Prefix(key.Authority, key.Target));
                    break;
                case "url" or "prefix":
                    break;
                case "tag" when ResponseTags.IsValid(value):
                    purges.Add(Purge.Tag("", value));
                    break;
                case "tag":
                    error = Bad($"A tag has 1 to {ResponseTags.MaxTagLength} characters, not {value.Length}.");
                    break;
                case "soft" when bool.TryParse(value, out isSoft):
                    break;
                case "soft":
                    error = Bad($"soft is '{value}'; give true or false.");
                    break;
                default:
                    error = Bad($"'{name}' is no parameter here; permitted are url, prefix and tag, each once or several times, and soft=true.");
                    break;
            }

            if (error is not null)
            {
                return ([], error);
            }
        }

        return (purges.Count == 0 ? [Purge.All(isSoft)] : [.. purges.Select(purge => purge with { IsSoft = isSoft })], null);
    }

    private CacheKey? Url(string value, out ApiError? error)
    {
        // A path of the origin is named as clients ask for it, which may be looser than what /proxy takes.
        var ofOrigin = UriNormalization.IsAcceptableRequestTarget(value) && !value.StartsWith("//", StringComparison.Ordinal) ? origin?.KeyOf(value) : null;
        var target = ofOrigin is null ? targets.Parse(value) : null;
        error = target?.Error is { } reason ? Invalid(reason) : null;
        return ofOrigin ?? target?.Key;
    }

    private static ApiError Invalid(string message) => new("invalid_url", $"{message} Nothing was purged.", 400);

    private static ApiError Bad(string message) => new("bad_request", $"{message} Nothing was purged.", 400);
}
