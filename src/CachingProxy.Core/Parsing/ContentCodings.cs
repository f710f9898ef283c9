using Microsoft.Extensions.Primitives;

namespace CachingProxy.Core.Parsing;

/// <summary>Reads the codings of a response, and decides whether a client can undo them (RFC 9110 §8.4.1, §12.5.3).</summary>
internal static class ContentCodings
{
    /// <summary>Returns the codings of <c>Content-Encoding</c>, joined by commas; null where the content is not coded.</summary>
    public static string? Of(StringValues contentEncoding)
    {
        var codings = contentEncoding
            .SelectMany(ListReader.Split)
            .Select(coding => Canonical(coding.ToLowerInvariant()))
            .Where(coding => coding != "identity")
            .ToList();
        return codings.Count == 0 ? null : string.Join(',', codings);
    }

    /// <summary>
    /// Tells whether a client says that it can undo all of <paramref name="codings"/>. A client that does not send <c>Accept-Encoding</c>,
    /// or sends one that cannot be read, is taken to accept only content that is not coded.
    /// </summary>
    public static bool ArePermitted(string codings, StringValues acceptEncoding)
    {
        if (acceptEncoding.Count == 0 || Preference.Parse(acceptEncoding) is not { } preferences)
        {
            return false;
        }

        foreach (var coding in codings.Split(','))
        {
            if (!IsPermitted(coding, preferences))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Returns the name of a coding without its obsolete prefix: <c>x-gzip</c> is <c>gzip</c>.</summary>
    public static string Canonical(string coding) => coding is "x-gzip" or "x-compress" ? coding[2..] : coding;

    private static bool IsPermitted(string coding, IReadOnlyList<Preference> preferences)
    {
        var isAnyPermitted = false;
        foreach (var preference in preferences)
        {
            if (Canonical(preference.Name) == coding)
            {
                return preference.Thousandths > 0;
            }

            isAnyPermitted |= preference is { Name: "*", Thousandths: > 0 };
        }

        return isAnyPermitted;
    }
}
