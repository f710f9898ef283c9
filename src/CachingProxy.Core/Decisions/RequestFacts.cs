using CachingProxy.Core.Messages;
using CachingProxy.Core.Parsing;

namespace CachingProxy.Core.Decisions;

/// <summary>The facts of a request that the rules ask for, read once, so that a fill can decide after its client has gone.</summary>
/// <param name="Method">The method.</param>
/// <param name="Directives">The request's cache directives.</param>
/// <param name="HasAuthorization">True if the request has <c>Authorization</c> (RFC 9111 §3.5).</param>
/// <param name="HasCookie">True if the request has <c>Cookie</c>.</param>
/// <param name="Credentials">The names of other fields that identify the client, in lower case (<see cref="CredentialFields"/>).</param>
/// <param name="Range">The range that is asked for; null for the whole.</param>
internal sealed record RequestFacts(
    string Method,
    CacheControl Directives,
    bool HasAuthorization,
    bool HasCookie,
    IReadOnlyList<string> Credentials,
    string? Range
)
{
    public static RequestFacts Of(CacheRequest request) =>
        new(
            request.Method,
            RequestDirectives.Parse(request.Fields),
            request.Fields["Authorization"].Count > 0,
            request.Fields["Cookie"].Count > 0,
            CredentialFields.NamesIn(request.Fields),
            RangeOf(request.Fields)
        );

    /// <summary>Returns the range that fields ask for; null where they ask for the whole.</summary>
    public static string? RangeOf(IFields fields) => fields["Range"] is { Count: > 0 } range ? range.ToString() : null;
}
