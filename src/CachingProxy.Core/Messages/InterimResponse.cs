using CachingProxy.Core.Parsing;

namespace CachingProxy.Core.Messages;

/// <summary>An interim response (RFC 9110 §15.2). It comes before the final response, is no part of it, and is never stored.</summary>
/// <param name="Status">102 to 199.</param>
/// <param name="Fields">Its end-to-end fields.</param>
public sealed record InterimResponse(int Status, FieldList Fields);
