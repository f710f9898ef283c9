using Microsoft.Extensions.Primitives;

namespace CachingProxy.Core.Parsing;

/// <summary>Reads <c>Cache-Control</c>: a list of directives with an optional token or quoted argument (RFC 9111 §5.2).</summary>
internal static class CacheControlParser
{
    /// <summary>
    /// Reads all lines of the field as one list. Never throws; a member that is no directive sets <see cref="CacheControl.IsMalformed"/>.
    /// </summary>
    public static CacheControl Parse(StringValues lines)
    {
        var control = CacheControl.None;
        foreach (var line in lines)
        {
            foreach (var item in ListReader.Split(line))
            {
                control = Add(control, item);
            }
        }

        return control;
    }

    private static CacheControl Add(CacheControl control, string item)
    {
        var equals = item.IndexOf('=', StringComparison.Ordinal);
        var name = equals < 0 ? item : item[..equals];
        var argument = equals < 0 ? null : item[(equals + 1)..];
        if (!FieldSyntax.IsToken(name))
        {
            return control with { IsMalformed = true };
        }

        var isWellFormed = argument is null || FieldSyntax.IsToken(argument) || ListReader.IsQuoted(argument);
        var added = Add(control, name.ToLowerInvariant(), argument is null ? null : ListReader.Unquote(argument));
        return isWellFormed ? added : added with { IsMalformed = true };
    }

    /// <summary>Adds one directive; an unknown directive changes nothing.</summary>
    /// <param name="control">The directives read before this one.</param>
    /// <param name="name">In lower case.</param>
    /// <param name="argument">Without quotes; null where there is none.</param>
    public static CacheControl Add(CacheControl control, string name, string? argument) =>
        name switch
        {
            "no-store" => control with { NoStore = true },
            "no-cache" => Names(argument) is { } names
                ? control with
                {
                    NoCacheFields = [.. control.NoCacheFields, .. names],
                }
                : control with
                {
                    NoCache = true,
                },
            "private" => Names(argument) is { } names
                ? control with
                {
                    PrivateFields = [.. control.PrivateFields, .. names],
                }
                : control with
                {
                    Private = true,
                },
            "public" => control with { Public = true },
            "must-revalidate" => control with { MustRevalidate = true },
            "proxy-revalidate" => control with { ProxyRevalidate = true },
            "must-understand" => control with { MustUnderstand = true },
            "immutable" => control with { Immutable = true },
            "only-if-cached" => control with { OnlyIfCached = true },
            "max-age" => control with { MaxAge = Stated(control.MaxAge, argument) },
            "s-maxage" => control with { SharedMaxAge = Stated(control.SharedMaxAge, argument) },
            "stale-while-revalidate" => control with { StaleWhileRevalidate = Stated(control.StaleWhileRevalidate, argument) },
            "stale-if-error" => control with { StaleIfError = Stated(control.StaleIfError, argument) },
            "min-fresh" => control with { MinFresh = Larger(control.MinFresh, argument) },
            "max-stale" when argument is null => control with { MaxStale = control.MaxStale ?? TimeSpan.MaxValue },
            "max-stale" => control with { MaxStale = Smaller(control.MaxStale, argument) },
            _ => control,
        };

    // Returns the field names that an argument lists. Returns null if it lists none, or if one of the listed texts is not a field name: the
    // directive then means the whole response.
    private static IReadOnlyList<string>? Names(string? argument) =>
        ListReader.Split(argument) is { Count: > 0 } names && names.All(name => FieldSyntax.IsToken(name)) ? names : null;

    // RFC 9111 §4.2.1: if two values differ, neither can be believed, so the result is 0 seconds.
    private static TimeSpan Stated(TimeSpan? known, string? argument)
    {
        var read = DeltaSeconds.TryParse(argument, out var value) ? value : TimeSpan.Zero;
        return known is null || known == read ? read : TimeSpan.Zero;
    }

    private static TimeSpan Smaller(TimeSpan? known, string? argument)
    {
        var read = DeltaSeconds.TryParse(argument, out var value) ? value : TimeSpan.Zero;
        return known is { } before && before < read ? before : read;
    }

    private static TimeSpan Larger(TimeSpan? known, string? argument)
    {
        var read = DeltaSeconds.TryParse(argument, out var value) ? value : DeltaSeconds.Max;
        return known is { } before && before > read ? before : read;
    }
}
