using CachingProxy.Core.Parsing;

namespace CachingProxy.Core.Messages;

/// <summary>
/// A response from the origin whose content is still arriving. The receiver must dispose of it. If the content was not read to its end,
/// disposal breaks off the connection to the origin.
/// </summary>
public sealed class OriginResponse(int status, FieldList fields, Stream body, IDisposable? owner = null) : IAsyncDisposable
{
    private IDisposable? _slot;

    /// <summary>The final status code, 200 to 599.</summary>
    public int Status { get; } = status;

    /// <summary>All fields as received, but for those that frame the message.</summary>
    public FieldList Fields { get; } = fields;

    /// <summary>The content. Reading throws <see cref="OriginException"/> where it ends before it is whole.</summary>
    public Stream Body { get; } = body;

    /// <summary>The number of bytes of the content, where the origin stated it.</summary>
    public long? ContentLength { get; init; }

    /// <summary>The protocol version that the origin answered with, for <c>Via</c>.</summary>
    public string Version { get; init; } = "1.1";

    /// <summary>
    /// Returns the fields that came after the content (RFC 9110 §6.5). It is to be called after the content has been read to its end.
    /// </summary>
    public Func<FieldList> Trailers { get; init; } = static () => FieldList.Empty;

    /// <summary>Tells whether the origin framed the message in two ways, so that it may have meant other content.</summary>
    public bool IsFramingAmbiguous { get; init; }

    /// <summary>Tells whether a field was left out or repaired because no message may hold it as it came.</summary>
    public bool HasUnreadableField { get; init; }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await Body.DisposeAsync();
            owner?.Dispose();
        }
        finally
        {
            _slot?.Dispose();
        }
    }

    /// <summary>Keeps a slot that is freed when this response is disposed of.</summary>
    internal void Hold(IDisposable slot) => _slot = slot;
}
