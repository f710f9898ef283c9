using CachingProxy.AspNetCore.Gate;
using CachingProxy.Core.Keys;
using CachingProxy.Core.Parsing;
using CachingProxy.Core.Stores;
using CachingProxy.JsonProxy;

namespace CachingProxy.Admin;

/// <summary>
/// Reads the parameters that name what to purge: <c>url</c>, <c>prefix</c> and <c>tag</c>, each once or several times; <c>query=any</c>,
/// which makes each <c>url</c> mean its path with any query; and <c>soft</c>.
/// </summary>
internal sealed class PurgeParameters(PurgeTargets targets)
{
    /// <summary>
    /// Returns the purges that a query asks for, or the error in the query. A query that names nothing purges everything.
    /// </summary>
    /// <param name="asked">The request.</param>
    /// <param name="port">The port that it came in on.</param>
    public (IReadOnlyList<Purge> Purges, ApiError? Error) Read(GuardedRequest asked, int port)
    {
        var purges = new List<Purge>();
        var (isSoft, isAnyQuery) = (false, false);
        foreach (var (name, value) in QueryParameters.Of(asked.Target))
        {
            ApiError? error = null;
            switch (name)
            {
                case "url" or "prefix" when value.Length == 0:
                    error = Invalid($"{name} is empty; leave it out to purge everything.");
                    break;
                case "url" or "prefix" when IsPattern(value):
                    error = Invalid(
                        $"'{value}' holds a *, and there are no patterns; prefix=/a purges /a and all below it, prefix=/ all of the "
                            + "origin. The method PURGE takes a path as it is."
                    );
                    break;
                case "url" when Find(value, out error) is { } key:
                    purges.Add(Purge.Url(key));
                    break;
                case "prefix" when Find(value, out error) is { } key:
                    error = key.Target.Contains('?', StringComparison.Ordinal)
                        ? Invalid($"The prefix '{value}' has a query; a prefix is whole segments of a path.")
                        : null;
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
                case "query" when value == "any":
                    isAnyQuery = true;
                    break;
                case "query":
                    error = Bad(
                        $"query is '{value}'; give query=any, which purges the path of each url with any query. A query of "
                            + "the url itself is percent-encoded: & is %26."
                    );
                    break;
                case "soft" when bool.TryParse(value, out isSoft):
                    break;
                case "soft":
                    error = Bad($"soft is '{value}'; give true or false.");
                    break;
                default:
                    error = Bad(
                        $"'{name}' is no parameter here; permitted are url, prefix and tag, each once or several times, query=any "
                            + "and soft=true. If it belongs to the url's query, percent-encode that: & is %26."
                    );
                    break;
            }

            if (error is not null)
            {
                return ([], error);
            }
        }

        if (isAnyQuery && !purges.Exists(purge => purge.Kind == PurgeKind.Url))
        {
            return ([], Bad("query=any needs a url=, and there is none."));
        }

        return (
            purges.Count == 0
                ? [Purge.All(isSoft)]
                :
                [
                    .. purges
                        .Distinct()
                        .Select(purge =>
                            (isAnyQuery && purge.Kind == PurgeKind.Url ? Purge.Path(new CacheKey(purge.Authority, purge.Text)) : purge) with
                            {
                                IsSoft = isSoft,
                            }
                        ),
                ],
            null
        );

        CacheKey? Find(string value, out ApiError? error)
        {
            var (key, reason) = targets.Resolve(value, asked.Host, port);
            error = reason is null ? null : Invalid(reason);
            return key;
        }
    }

    private static bool IsPattern(string value) => value.EndsWith('*') || value.Split('?')[0].Contains('*', StringComparison.Ordinal);

    private static ApiError Invalid(string message) => new("invalid_url", $"{message} Nothing was purged.", 400);

    private static ApiError Bad(string message) => new("bad_request", $"{message} Nothing was purged.", 400);
}
