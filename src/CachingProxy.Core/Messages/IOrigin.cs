namespace CachingProxy.Core.Messages;

/// <summary>Fetches responses. Safe for any number of threads.</summary>
public interface IOrigin
{
    /// <summary>Sends a request and returns the final response as soon as its head has arrived.</summary>
    /// <exception cref="OriginException">There is no response that could be passed on.</exception>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    ValueTask<OriginResponse> SendAsync(OriginRequest request, CancellationToken cancellation);
}
