using System.Buffers;

namespace CachingProxy.Core.Parsing;

/// <summary>The syntax of the names and values of fields (RFC 9110 §5.1, §5.5, §5.6.2).</summary>
public static class FieldSyntax
{
    private static readonly SearchValues<char> TokenCharacters = SearchValues.Create(
        "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    );

    private static readonly SearchValues<char> ControlCharacters = SearchValues.Create([
        .. Enumerable.Range(0, 32).Where(code => code != '\t').Append(127).Select(code => (char)code),
    ]);

    /// <summary>Tells whether a text is a token, as names of fields and methods are: not empty, no blank, no delimiter.</summary>
    public static bool IsToken(ReadOnlySpan<char> text) => !text.IsEmpty && !text.ContainsAnyExcept(TokenCharacters);

    /// <summary>Tells whether a text may be the value of a field: no control character but the tab.</summary>
    public static bool IsValue(ReadOnlySpan<char> text) => !text.ContainsAny(ControlCharacters);
}
