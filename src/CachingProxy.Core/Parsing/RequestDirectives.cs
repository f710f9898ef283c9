using Microsoft.Extensions.Primitives;

namespace CachingProxy.Core.Parsing;

/// <summary>What a request says to caches: <c>Cache-Control</c>, or <c>Pragma</c> where that is absent (RFC 9111 §5.2.1, §5.4).</summary>
internal static class RequestDirectives
{
    private static readonly CacheControl PragmaNoCache = new() { NoCache = true };

    public static CacheControl Parse(IFields fields)
    {
        var control = fields["Cache-Control"];
        if (control.Count > 0)
        {
            return CacheControlParser.Parse(control);
        }

        var pragma = fields["Pragma"];
        return pragma.Count > 0 && SaysNoCache(pragma) ? PragmaNoCache : CacheControl.None;
    }

    private static bool SaysNoCache(StringValues pragma) =>
        pragma.Any(line => ListReader.Split(line).Contains("no-cache", StringComparer.OrdinalIgnoreCase));
}
