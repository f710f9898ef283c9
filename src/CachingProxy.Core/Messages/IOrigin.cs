namespace CachingProxy.Core.Messages;

/// <summary>Fetches responses. Safe for any number of threads.</summary>
public interface IOrigin
{
    /// <summary>Sends a request and answers as soon as the head of the final response is there.</summary>
    /// <exception cref="OriginException">There is no response that could be passed on.</exception>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    ValueTask<OriginResponse> SendAsync(OriginRequest request, CancellationToken cancellation);
}
