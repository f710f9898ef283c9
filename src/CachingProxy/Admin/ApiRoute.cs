using CachingProxy.AspNetCore;
using CachingProxy.AspNetCore.Gate;

namespace CachingProxy.Admin;

/// <summary>One of our own endpoints.</summary>
/// <param name="Path">The exact path, undecoded.</param>
/// <param name="Methods">The methods that mean something, as <c>Allow</c> names them; empty where every one does.</param>
/// <param name="NeedsAuthentication">Whether it changes or reveals what the cache holds.</param>
/// <param name="Handle">Answers it.</param>
internal sealed record ApiRoute(string Path, string[] Methods, bool NeedsAuthentication, Func<Exchange, GuardedRequest, Task> Handle);
