namespace CachingProxy.Core.Keys;

/// <summary>The parts of a variant's key, to be stored.</summary>
/// <param name="Names">The selecting fields, in lower case and sorted.</param>
/// <param name="Values">Their values in the form in which they are compared; null for a field that was absent.</param>
/// <param name="Language">The language of the response, where it states one.</param>
/// <param name="Codings">The content codings of a coded response whose <c>Vary</c> does not name <c>Accept-Encoding</c>; null for every
/// other response.</param>
internal readonly record struct VariantKeyParts(
    IReadOnlyList<string> Names,
    IReadOnlyList<string?> Values,
    string? Language,
    string? Codings
);
