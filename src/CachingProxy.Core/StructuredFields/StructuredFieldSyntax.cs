using System.Buffers;

namespace CachingProxy.Core.StructuredFields;

/// <summary>The characters of RFC 9651's grammar, for reading and writing alike.</summary>
internal static class StructuredFieldSyntax
{
    public static readonly SearchValues<char> KeyCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789_-.*");

    public static readonly SearchValues<char> TokenCharacters = SearchValues.Create(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-.^_`|~:/"
    );

    public const long MaxInteger = 999_999_999_999_999;

    public const decimal MaxDecimal = 999_999_999_999.999m;

    public static bool IsKey(string key) =>
        key.Length > 0 && (char.IsAsciiLetterLower(key[0]) || key[0] == '*') && !key.AsSpan().ContainsAnyExcept(KeyCharacters);

    public static bool IsToken(string token) =>
        token.Length > 0 && (char.IsAsciiLetter(token[0]) || token[0] == '*') && !token.AsSpan().ContainsAnyExcept(TokenCharacters);
}
