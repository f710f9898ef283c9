using CachingProxy.Core.Messages;

namespace CachingProxy.Core.Origins;

/// <summary>Stands for every origin while none may be asked. Safe for any number of threads.</summary>
public sealed class OfflineOrigin : IOrigin
{
    /// <inheritdoc/>
    public ValueTask<OriginResponse> SendAsync(OriginRequest request, CancellationToken cancellation) =>
        throw new OriginException(OriginError.Offline, "The proxy is offline, and nothing is stored that could answer.");
}
