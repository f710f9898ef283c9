namespace CachingProxy.JsonProxy;

/// <summary>The parameters of a query, each decoded once. A plus stays a plus: it is no blank in a URL.</summary>
internal static class QueryParameters
{
    public static IEnumerable<KeyValuePair<string, string>> Of(string target)
    {
        var query = target.IndexOf('?', StringComparison.Ordinal);
        if (query < 0)
        {
            yield break;
        }

        foreach (var parameter in target[(query + 1)..].Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = parameter.IndexOf('=', StringComparison.Ordinal);
            yield return equals < 0
                ? new(Uri.UnescapeDataString(parameter), "")
                : new(Uri.UnescapeDataString(parameter[..equals]), Uri.UnescapeDataString(parameter[(equals + 1)..]));
        }
    }
}
