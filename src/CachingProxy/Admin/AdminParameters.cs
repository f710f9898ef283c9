using System.Globalization;
using CachingProxy.AspNetCore.Gate;
using CachingProxy.JsonProxy;

namespace CachingProxy.Admin;

/// <summary>
/// The query parameters of an endpoint that reads something. Each is given once, but for those that are named as repeatable.
/// </summary>
internal sealed class AdminParameters
{
    private readonly List<KeyValuePair<string, string>> _given;

    private AdminParameters(List<KeyValuePair<string, string>> given) => _given = given;

    /// <summary>Reads the parameters; the error names one that the endpoint does not have, or that is given twice.</summary>
    public static (AdminParameters? Parameters, ApiError? Error) Read(GuardedRequest guarded, string[] known, params string[] repeatable)
    {
        var given = QueryParameters.Of(guarded.Target).ToList();
        foreach (var (name, _) in given)
        {
            if (!known.Contains(name) && !repeatable.Contains(name))
            {
                return (null, Bad($"There is no parameter '{name}' here; there are {string.Join(", ", known.Concat(repeatable))}."));
            }

            if (!repeatable.Contains(name) && given.Count(other => other.Key == name) > 1)
            {
                return (null, Bad($"The parameter '{name}' is given more than once."));
            }
        }

        return (new AdminParameters(given), null);
    }

    /// <summary>Returns the value of a parameter; null where it is absent.</summary>
    public string? this[string name] => _given.Find(pair => pair.Key == name).Value;

    /// <summary>Returns all values of a repeatable parameter.</summary>
    public IEnumerable<string> All(string name) => _given.Where(pair => pair.Key == name).Select(pair => pair.Value);

    /// <summary>Reads a whole number; the error says what is permitted.</summary>
    public (long Number, ApiError? Error) Number(string name, long byDefault, long min, long max)
    {
        if (this[name] is not { } text)
        {
            return (byDefault, null);
        }

        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max
            ? (number, null)
            : (0, Bad($"The parameter '{name}' is '{text}'; give a number from {min} to {max}."));
    }

    private static ApiError Bad(string message) => new("bad_request", message, 400);
}
