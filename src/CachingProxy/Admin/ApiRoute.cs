using CachingProxy.AspNetCore;
using CachingProxy.AspNetCore.Gate;

namespace CachingProxy.Admin;

/// <summary>One of our own endpoints.</summary>
/// <param name="Path">The exact path, undecoded.</param>
/// <param name="Methods">The methods that the endpoint takes, as <c>Allow</c> names them; empty if it takes every method.</param>
/// <param name="NeedsAuthentication">True if the endpoint changes or reveals the content of the cache.</param>
/// <param name="Handle">Answers a request for the endpoint.</param>
internal sealed record ApiRoute(string Path, string[] Methods, bool NeedsAuthentication, Func<Exchange, GuardedRequest, Task> Handle);
