using Microsoft.Extensions.Primitives;

namespace CachingProxy.Core.Parsing;

/// <summary>
/// Reads the directives of a request: <c>Cache-Control</c>, or <c>Pragma</c> where that is absent (RFC 9111 §5.2.1, §5.4). A
/// <c>Cache-Control</c> that cannot be read counts as <c>no-cache</c> and <c>no-store</c>, and such a <c>Pragma</c> as <c>no-cache</c>: the
/// most that each could have said.
/// </summary>
internal static class RequestDirectives
{
    private static readonly CacheControl PragmaNoCache = new() { NoCache = true };

    public static CacheControl Parse(IFields fields)
    {
        var control = fields["Cache-Control"];
        if (control.Count > 0)
        {
            var read = CacheControlParser.Parse(control);
            return read.IsMalformed ? read with { NoCache = true, NoStore = true } : read;
        }

        var pragma = fields["Pragma"];
        return pragma.Count > 0 && SaysNoCache(pragma) ? PragmaNoCache : CacheControl.None;
    }

    private static bool SaysNoCache(StringValues pragma) => CacheControlParser.Parse(pragma) is { NoCache: true } or { IsMalformed: true };
}
