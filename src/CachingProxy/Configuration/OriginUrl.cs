using CachingProxy.Core.Keys;

namespace CachingProxy.Configuration;

/// <summary>Reads the base URL of the origin, and says what is wrong with one that cannot be read.</summary>
internal static class OriginUrl
{
    /// <summary>Reads an absolute http or https URL without user information, query and fragment; returns null for anything else.</summary>
    public static Uri? Parse(string text) =>
        ParseAny(text) is { UserInfo: "", Query: "", Fragment: "" } uri && UriNormalization.IsValidTarget(uri.AbsolutePath) ? uri : null;

    /// <summary>
    /// Returns why <see cref="Parse"/> refuses a text, and what to write instead; returns null if that is not known.
    /// </summary>
    public static string? Explain(string text)
    {
        // A part that may be a password or a key is not repeated.
        if (text.Contains('@', StringComparison.Ordinal))
        {
            return "has user information (an @); leave it out, and give it as --origin-header 'Authorization: Basic ...'.";
        }

        if (text.AsSpan().ContainsAny('?', '#'))
        {
            return "has a query or a fragment; leave it out, and give a key as --origin-header.";
        }

        if (ParseAny(text) is null && Guess(text) is { } guess)
        {
            return $"is '{text}'; write {guess}";
        }

        return null;
    }

    private static Uri? ParseAny(string text) =>
        text.All(char.IsAscii)
        && Uri.TryCreate(text, UriKind.Absolute, out var uri)
        && uri.Scheme is "http" or "https"
        && uri.Port > 0
        && text.StartsWith(uri.Scheme + "://", StringComparison.OrdinalIgnoreCase)
        && UriNormalization.NormaliseHost(uri.Scheme, UriNormalization.HostOf(uri)) is not null
            ? uri
            : null;

    // Most often the scheme is missing: https is guessed for a public name without a port, http for everything else.
    private static string? Guess(string text)
    {
        if (text.Contains("://", StringComparison.Ordinal) || Parse("http://" + text.TrimStart('/')) is not { } uri)
        {
            return null;
        }

        var isPlain =
            uri.IsLoopback
            || uri.HostNameType is UriHostNameType.IPv4 or UriHostNameType.IPv6
            || (!uri.IsDefaultPort && uri.Port != 443)
            || !uri.Host.Contains('.', StringComparison.Ordinal);
        return $"{(isPlain ? "http" : "https")}://{text.TrimStart('/')}";
    }
}
