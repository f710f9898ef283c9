using CachingProxy.Core.Parsing;

namespace CachingProxy.Http.Upstream;

/// <summary>The head of a response that the guard let pass.</summary>
/// <param name="Fields">All fields but those that frame the message.</param>
/// <param name="ContentLength">The length of the content, where the origin stated one that counts.</param>
/// <param name="IsAmbiguous">Whether the content could have been meant to end elsewhere.</param>
/// <param name="HasUnreadableField">Whether a field had to be left out.</param>
internal sealed record CheckedHead(FieldList Fields, long? ContentLength, bool IsAmbiguous, bool HasUnreadableField);
