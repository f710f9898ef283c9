using CachingProxy.Core.Parsing;

namespace CachingProxy.Core.Messages;

/// <summary>
/// The engine's answer: a response ready to be sent, and how it came about. The receiver must dispose it, even if it does not read the
/// body.
/// </summary>
public sealed class CacheResult : IAsyncDisposable
{
    internal CacheResult(int status, FieldList fields, ResponseBody body, CacheStatus cacheStatus)
    {
        Status = status;
        Fields = fields;
        Body = body;
        CacheStatus = cacheStatus;
    }

    /// <summary>The status code, 200 to 599.</summary>
    public int Status { get; }

    /// <summary>The end-to-end fields, without those that say how this exchange went (<c>Age</c>, <c>Cache-Status</c>).</summary>
    public FieldList Fields { get; }

    /// <summary>The content.</summary>
    public ResponseBody Body { get; }

    /// <summary>The handling of the request by the cache: a hit, or the reason why it was forwarded (RFC 9211).</summary>
    public CacheStatus CacheStatus { get; }

    /// <summary>The current age (RFC 9111 §4.2.3) where a stored response is served; null for a response at first hand.</summary>
    public TimeSpan? Age { get; init; }

    /// <summary>
    /// The failure, where there is no response: <see cref="Status"/> is then the status for this failure, and the face reports the failure
    /// in its own form.
    /// </summary>
    public OriginException? Failure { get; private init; }

    /// <summary>The time that the request waited for the heads of other requests' fetches; zero if it did not wait.</summary>
    public TimeSpan Waited { get; internal set; }

    internal static CacheResult OfFailure(OriginException failure, CacheStatus cacheStatus) =>
        new(failure.Status, FieldList.Empty, ResponseBody.Empty, cacheStatus with { Failure = failure.Error }) { Failure = failure };

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Body.DisposeAsync();
}
