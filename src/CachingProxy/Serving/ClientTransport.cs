using System.IO.Pipelines;

namespace CachingProxy.Serving;

/// <summary>
/// Connects the sockets with Kestrel's HTTP/1.1. It sees the heads of requests before Kestrel drops parts of them, and replaces Kestrel's
/// own error answers, which give no reason, by ours. While a request is being answered, it passes bytes through unchanged, and only counts
/// those of content.
/// </summary>
/// <param name="inner">The connection.</param>
/// <param name="use">What the connection is used for now.</param>
/// <param name="refusals">Makes the answers.</param>
internal sealed class ClientTransport(IDuplexPipe inner, ConnectionUse use, MalformedRequests refusals) : IDuplexPipe
{
    /// <inheritdoc/>
    public PipeReader Input { get; } = new HeadReader(inner.Input, use);

    /// <inheritdoc/>
    public PipeWriter Output { get; } = new RefusalWriter(inner.Output, use, refusals);
}
