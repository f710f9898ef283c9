using CachingProxy.Core.Messages;
using CachingProxy.Http.Targets;

namespace CachingProxy.JsonProxy;

/// <summary>The two faces of <c>/proxy</c>, each with the guard that opens its connections.</summary>
/// <param name="Public">For anybody: the origin, public addresses, and what is permitted by name.</param>
/// <param name="Local">For trusted local requests: private addresses as well, if only this machine can connect to the proxy.</param>
internal sealed record ProxyFaces((CacheFace Face, TargetGuard Guard) Public, (CacheFace Face, TargetGuard Guard) Local);
