namespace CachingProxy.Admin;

/// <summary>The answer of the health endpoints.</summary>
/// <param name="Status"><c>ok</c>, <c>ready</c>, <c>degraded</c> or <c>stopping</c>.</param>
/// <param name="Reasons">The reasons why the proxy is degraded, one sentence each; null if it is not degraded.</param>
internal sealed record ApiHealth(string Status, IReadOnlyList<string>? Reasons = null);
