namespace CachingProxy.AspNetCore.Requests;

/// <summary>What the request guard has established.</summary>
/// <param name="Target">Path and query in origin form, as received byte for byte, or <c>*</c>. The only target that anything may look at.</param>
/// <param name="Host">The host that the client named, normalised.</param>
public readonly record struct GuardedRequest(string Target, string Host)
{
    /// <summary>The path, undecoded.</summary>
    public ReadOnlySpan<char> Path => Target.IndexOf('?', StringComparison.Ordinal) is var query and >= 0 ? Target.AsSpan(0, query) : Target;
}
