using System.Globalization;
using CachingProxy.Core.Parsing;

namespace CachingProxy.Core.Tests.Oracle;

/// <summary>
/// RFC 9111 §3 and §4, transcribed slowly and literally for a shared cache, without a line of the rules under test: may this stored
/// response be reused for that request, without validation?
/// </summary>
internal static class Rfc9111
{
    private static readonly int[] HeuristicallyCacheable = [200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501];

    // §3: "the cache understands the response status code".
    private static readonly int[] Understood = [200, 203, 206, 302, 404, 500];

    public static bool MayStore(Exchange exchange)
    {
        var response = Directives(exchange.Response, "Cache-Control");
        var request = Directives(exchange.Request, "Cache-Control");
        var mustUnderstand = response.ContainsKey("must-understand");
        if (mustUnderstand && !Understood.Contains(exchange.Status))
        {
            return false;
        }

        if (response.ContainsKey("no-store") && !mustUnderstand)
        {
            return false;
        }

        if (request.ContainsKey("no-store") || response.ContainsKey("private"))
        {
            return false;
        }

        // §3.5.
        if (
            exchange.Request.Contains("Authorization")
            && !response.ContainsKey("must-revalidate")
            && !response.ContainsKey("public")
            && !response.ContainsKey("s-maxage")
        )
        {
            return false;
        }

        return response.ContainsKey("public")
            || exchange.Response.Contains("Expires")
            || response.ContainsKey("max-age")
            || response.ContainsKey("s-maxage")
            || HeuristicallyCacheable.Contains(exchange.Status);
    }

    /// <summary>§4, bullet by bullet, with RFC 5861 §3 and RFC 8246 §2 for what they add.</summary>
    public static bool MayReuse(Exchange stored, FieldList presented, DateTimeOffset now)
    {
        if (!MayStore(stored))
        {
            return false;
        }

        // §4.1.
        foreach (var name in List(stored.Response, "Vary"))
        {
            if (name == "*" || stored.Request[name].ToString() != presented[name].ToString())
            {
                return false;
            }
        }

        var response = Directives(stored.Response, "Cache-Control");
        var request = Directives(presented, "Cache-Control");
        if (response.TryGetValue("no-cache", out var names) && names is null or "")
        {
            return false;
        }

        // §5.2.1.4, §5.4.
        if (request.ContainsKey("no-cache") || (!presented.Contains("Cache-Control") && List(presented, "Pragma").Contains("no-cache")))
        {
            return false;
        }

        var lifetime = Lifetime(stored);
        var age = CurrentAge(stored, now);
        var isFresh = lifetime > age;

        // §5.2.1.1, and RFC 8246 §2.
        if (request.TryGetValue("max-age", out var maxAge) && age > Seconds(maxAge) && !(isFresh && response.ContainsKey("immutable")))
        {
            return false;
        }

        // §5.2.1.3: its lifetime is no less than its current age plus the specified time.
        if (request.TryGetValue("min-fresh", out var minFresh) && lifetime < age + Seconds(minFresh))
        {
            return false;
        }

        if (isFresh)
        {
            return true;
        }

        // §4.2.4.
        if (response.ContainsKey("must-revalidate") || response.ContainsKey("proxy-revalidate") || response.ContainsKey("s-maxage"))
        {
            return false;
        }

        var staleness = age - lifetime;
        return (request.TryGetValue("max-stale", out var maxStale) && (maxStale is null || staleness <= Seconds(maxStale)))
            || (response.TryGetValue("stale-while-revalidate", out var window) && staleness <= Seconds(window));
    }

    /// <summary>§4.2.1, §4.2.2.</summary>
    public static double Lifetime(Exchange stored)
    {
        var response = Directives(stored.Response, "Cache-Control");
        if (response.TryGetValue("s-maxage", out var sharedMaxAge))
        {
            return Seconds(sharedMaxAge);
        }

        if (response.TryGetValue("max-age", out var maxAge))
        {
            return Seconds(maxAge);
        }

        var date = Date(stored.Response, "Date") ?? stored.ResponseTime;
        if (stored.Response.Contains("Expires"))
        {
            return Date(stored.Response, "Expires") is { } expires ? Math.Max(0, (expires - date).TotalSeconds) : 0;
        }

        // §4.2.2 permits a guess and demands none: none is made from a date that cannot be read.
        return
            Date(stored.Response, "Last-Modified") is { } modified
            && modified < date
            && (Date(stored.Response, "Date") is not null || !stored.Response.Contains("Date"))
            && (HeuristicallyCacheable.Contains(stored.Status) || response.ContainsKey("public"))
            ? (date - modified).TotalSeconds / 10
            : 0;
    }

    /// <summary>§4.2.3, with the names that it has there.</summary>
    public static double CurrentAge(Exchange stored, DateTimeOffset now)
    {
        var ageValue =
            stored.Response.Contains("Age")
            && long.TryParse(List(stored.Response, "Age")[0], NumberStyles.None, CultureInfo.InvariantCulture, out var value)
                ? value
                : 0d;
        var dateValue = Date(stored.Response, "Date") ?? stored.ResponseTime;
        var apparentAge = Math.Max(0, (stored.ResponseTime - dateValue).TotalSeconds);
        var responseDelay = (stored.ResponseTime - stored.RequestTime).TotalSeconds;
        var correctedAgeValue = ageValue + responseDelay;
        var correctedInitialAge = Math.Max(apparentAge, correctedAgeValue);
        var residentTime = (now - stored.ResponseTime).TotalSeconds;
        return correctedInitialAge + residentTime;
    }

    // The generator writes no quotes and no directive twice.
    private static Dictionary<string, string?> Directives(FieldList fields, string name) =>
        List(fields, name)
            .Select(directive => directive.Split('='))
            .ToDictionary(parts => parts[0].ToLowerInvariant(), parts => parts.Length > 1 ? parts[1] : null);

    private static List<string> List(FieldList fields, string name) =>
        [.. fields[name].ToString().Split(',').Select(item => item.Trim()).Where(item => item.Length > 0)];

    // §4.2.1: what cannot be read is stale.
    private static double Seconds(string? text) =>
        double.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) ? seconds : 0;

    private static DateTimeOffset? Date(FieldList fields, string name) =>
        DateTimeOffset.TryParseExact(
            fields[name].ToString(),
            "R",
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal,
            out var date
        )
            ? date
            : null;

    /// <summary>A request and the response to it, with the times of RFC 9111 §4.2.3.</summary>
    public sealed record Exchange(
        FieldList Request,
        int Status,
        FieldList Response,
        DateTimeOffset RequestTime,
        DateTimeOffset ResponseTime
    );
}
