using CachingProxy.AspNetCore;
using CachingProxy.AspNetCore.Gate;
using CachingProxy.Configuration;
using CachingProxy.Core;
using CachingProxy.Core.Inspection;
using CachingProxy.Core.Keys;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Parsing;
using CachingProxy.Core.Telemetry;
using CachingProxy.Http.Targets;
using CachingProxy.JsonProxy;
using CachingProxy.Telemetry;
using Microsoft.Extensions.Primitives;

namespace CachingProxy.Admin;

/// <summary>
/// Answers <c>/cache/explain?url=</c>: what would become of a request now, step by step, each with its reason and the way out. Nothing of
/// it is done.
/// </summary>
internal sealed class ExplainResource(
    CacheEngine engine,
    CacheFace? forwarded,
    OriginBase? origin,
    ProxyFaces proxy,
    LocalTrust trust,
    NamedUrl named,
    Statistics statistics
)
{
    public async Task GetAsync(Exchange exchange, GuardedRequest guarded)
    {
        var (parameters, error) = AdminParameters.Read(guarded, ["url", "method", "face", "host"], "field");
        var (key, urlError) = parameters is null ? default : named.Read(parameters, exchange, guarded);
        var fields = parameters is null ? null : SettingValues.ParseFields([.. parameters.All("field")], isOfOneRequest: true);
        if ((error ?? Fault(parameters!) ?? urlError ?? FaultOf(fields)) is { } wrong)
        {
            await wrong.WriteAsync(exchange);
            return;
        }

        var isForwarded = IsForwarded(parameters!, key);
        // A question from this machine is about requests from this machine.
        var face = isForwarded ? forwarded! : (trust.IsTrusted(exchange, guarded.Host) ? proxy.Local : proxy.Public).Face;
        var host = new GuardedRequest("/", HostOf(parameters!) ?? guarded.Host).KeyHost;
        var request = new ExplainedRequest(
            face,
            MethodOn(isForwarded, parameters!["method"] ?? "GET"),
            key,
            isForwarded ? new CachePartition(face.PartitionName, exchange.Scheme, host) : new CachePartition(face.PartitionName, "", ""),
            Seen(face, fields!, isForwarded)
        );
        var explanation = await engine.Inspector.ExplainAsync(request);
        var answer = new ApiExplanation(
            true,
            key.ToString(),
            isForwarded ? "forwarded" : "proxy",
            explanation.Decision,
            explanation.Reason,
            [.. Steps(explanation, key, fields!)],
            explanation.Entry is { } entry ? ApiEntry.Of(entry, withFields: true) : null
        );
        await ApiAnswer.WriteAsync(exchange, 200, answer, ApiJson.Readable.ApiExplanation);
    }

    private ApiError? Fault(AdminParameters parameters)
    {
        if (parameters["method"] is { } method && (!FieldSyntax.IsToken(method) || method == "QUERY"))
        {
            return new ApiError("bad_request", "The parameter 'method' is no method, or QUERY, which is keyed by its content.", 400);
        }

        if (parameters["host"] is { } host && UriNormalization.NormaliseHost("http", host) is null)
        {
            return new ApiError("bad_request", "The parameter 'host' is no host.", 400);
        }

        return parameters["face"] is null or "proxy" || (parameters["face"] == "forwarded" && forwarded is not null)
            ? null
            : new ApiError("bad_request", "The parameter 'face' is none of the faces; give forwarded (with --origin) or proxy.", 400);
    }

    private static ApiError? FaultOf(List<KeyValuePair<string, StringValues>>? fields) =>
        fields is null ? new ApiError("bad_request", "A parameter 'field' is no 'Name: value'.", 400) : null;

    // By the parameter, or by the URL: a URL with ?url= and a URL of another host can be asked for on /proxy alone.
    private bool IsForwarded(AdminParameters parameters, CacheKey key)
    {
        if (forwarded is null || parameters["face"] == "proxy")
        {
            return false;
        }

        return parameters["face"] == "forwarded"
            || (key.Authority == origin!.Authority && !parameters["url"]!.Contains("/proxy?url=", StringComparison.Ordinal));
    }

    private static string? HostOf(AdminParameters parameters) =>
        parameters["host"] is { } host ? UriNormalization.NormaliseHost("http", host) : null;

    // As ProxyRequest does.
    private static string MethodOn(bool isForwarded, string method) => !isForwarded && method == "HEAD" ? "GET" : method;

    private static FieldList Seen(CacheFace face, List<KeyValuePair<string, StringValues>> fields, bool isForwarded) =>
        new(
            fields.Where(field =>
                isForwarded
                    ? !face.Policy.StripCookies || !field.Key.Equals("Cookie", StringComparison.OrdinalIgnoreCase)
                    : ProxyRequest.IsVisible(field.Key)
            )
        );

    private IEnumerable<ApiStep> Steps(Explanation explanation, CacheKey key, List<KeyValuePair<string, StringValues>> fields)
    {
        yield return new ApiStep(
            "request",
            fields.Count == 0
                ? "A request without any fields of its own."
                : $"A request with {string.Join(", ", fields.Select(field => field.Key))}."
        );
        yield return new ApiStep("stored", StoredWords(explanation));
        yield return new ApiStep(
            "decision",
            DecisionWords(explanation),
            explanation.Reason,
            ReasonSections.Of(explanation.Reason),
            WayOut(explanation.Reason, isNotStored: false)
        );
        if (explanation.Decision is not ("serve" or "refuse"))
        {
            yield return new ApiStep("fetch", FetchWords(explanation));
        }

        if (statistics.LastOf(key) is { } last)
        {
            var isNotStored = last.Outcome == RequestOutcome.Miss;
            var at = $"{last.At.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC";
            yield return new ApiStep(
                "last",
                $"The last request that went to the origin, at {at}, was a {last.Outcome.ToToken()}: "
                    + $"{ReasonTexts.Of(last.Reason, isNotStored)?.Meaning ?? last.Reason}",
                last.Reason,
                ReasonSections.Of(last.Reason),
                WayOut(last.Reason, isNotStored)
            );
        }
    }

    private static string StoredWords(Explanation explanation)
    {
        if (explanation.Entry is not { } entry)
        {
            return explanation.Stored == 0
                ? "Nothing is stored for the URL."
                : $"{explanation.Stored} responses are stored for the URL, and none of them suits this request (face, host, selecting "
                    + "fields), or it was purged.";
        }

        var freshness =
            entry.FreshFor > TimeSpan.Zero
                ? $"fresh for {entry.FreshFor.TotalSeconds:0} s more"
                : $"stale for {-entry.FreshFor.TotalSeconds:0} s";
        return $"A response with status {entry.Status}, {entry.Age.TotalSeconds:0} s old and {freshness} (lifetime: {entry.LifetimeFrom}).";
    }

    private static string DecisionWords(Explanation explanation)
    {
        var what = explanation.Decision switch
        {
            "serve" => "The stored response is served.",
            "revalidate" => "The origin is asked to confirm the stored response.",
            "complete" => "The bytes that the stored part lacks are fetched.",
            "fetch" => "The response is fetched, for this request and others like it.",
            "forward" => "The request is forwarded, and its response is for this client alone.",
            _ => "The request is refused: it wants a stored response only.",
        };
        return ReasonTexts.Of(explanation.Reason, isNotStored: false) is { } text ? $"{what} {text.Meaning}" : what;
    }

    private static string FetchWords(Explanation explanation)
    {
        if (explanation.IsBeingFetched)
        {
            return "Another request fetches it now, and this one would wait for that.";
        }

        var alone = explanation.IsHitForMiss
            ? "The last response could not be shared, so that nobody waits for another request's fetch for a while."
            : "Nobody fetches it now.";
        return explanation.MayStandIn ? $"{alone} If the origin fails, the stored response stands in." : alone;
    }

    private static string? WayOut(string reason, bool isNotStored) =>
        ReasonTexts.Of(reason, isNotStored) is { WayOut: { Length: > 0 } way } ? way : null;
}
