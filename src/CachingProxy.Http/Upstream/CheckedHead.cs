using CachingProxy.Core.Parsing;

namespace CachingProxy.Http.Upstream;

/// <summary>The head of a response that the guard let pass.</summary>
/// <param name="Fields">All fields but those that frame the message.</param>
/// <param name="ContentLength">The length of the content; null where the origin stated none, or used a transfer coding.</param>
/// <param name="IsAmbiguous">True if the framing leaves the end of the content uncertain.</param>
/// <param name="HasUnreadableField">Whether a field had to be left out.</param>
internal sealed record CheckedHead(FieldList Fields, long? ContentLength, bool IsAmbiguous, bool HasUnreadableField);
