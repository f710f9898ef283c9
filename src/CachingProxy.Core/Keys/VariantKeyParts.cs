namespace CachingProxy.Core.Keys;

/// <summary>The parts of a variant's key, to be stored.</summary>
/// <param name="Names">The selecting fields, in lower case and sorted.</param>
/// <param name="Values">Their values in the form in which they are compared; null for a field that was absent.</param>
/// <param name="Language">The language of the response, where it states one.</param>
/// <param name="Codings">The codings of a response that does not say that it varies on them; null for every other.</param>
internal readonly record struct VariantKeyParts(
    IReadOnlyList<string> Names,
    IReadOnlyList<string?> Values,
    string? Language,
    string? Codings
);
