using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using CachingProxy.Core.Messages;
using Microsoft.AspNetCore.Http;

namespace CachingProxy.AspNetCore.Requests;

/// <summary>
/// The content of a QUERY (RFC 10008), read before any look-up. Together with the fields that describe it, the content identifies the
/// request as much as the URI does.
/// </summary>
internal sealed class QueryContent
{
    /// <summary>
    /// The largest number of bytes that are read for a key; a QUERY with more is passed on and its response is not stored.
    /// </summary>
    public const int MaxBytes = 64 * 1024;

    private const int BufferBytes = 4 * 1024;

    // The fields that describe the content, and so its meaning.
    private static readonly string[] Describing = ["Content-Type", "Content-Encoding", "Content-Language"];

    private readonly byte[] _content;

    private QueryContent(byte[] content, string digest)
    {
        _content = content;
        Digest = digest;
    }

    /// <summary>A SHA-256 in hexadecimal digits: equal where the content and the fields that describe it are equal.</summary>
    public string Digest { get; }

    /// <summary>The number of bytes.</summary>
    public long Length => _content.Length;

    /// <summary>
    /// Reads the content of a request; null where it is no QUERY, or too large. The bytes already read are then put back into the request's
    /// body, before the rest.
    /// </summary>
    /// <exception cref="OriginException">The content did not arrive whole, or not in time.</exception>
    public static async ValueTask<QueryContent?> ReadAsync(Exchange exchange)
    {
        if (exchange.Method != "QUERY" || exchange.RequestHeaders.ContentLength > MaxBytes)
        {
            return null;
        }

        var content = new MemoryStream();
        var buffer = new byte[exchange.HasContent ? BufferBytes : 0];
        while (buffer.Length > 0 && await exchange.Content.ReadAsync(buffer, exchange.ClientGone) is var read and > 0)
        {
            content.Write(buffer, 0, read);
            if (content.Length > MaxBytes)
            {
                exchange.Content = new PrefixedStream(content.ToArray(), exchange.Content);
                return null;
            }
        }

        var bytes = content.ToArray();
        return new QueryContent(bytes, DigestOf(exchange.RequestHeaders, bytes));
    }

    /// <summary>Opens the content once more, from its beginning.</summary>
    public Stream Open() => new MemoryStream(_content, writable: false);

    // The length of each part precedes it, so that different content or fields never give the hash the same bytes.
    private static string DigestOf(IHeaderDictionary fields, byte[] content)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> length = stackalloc byte[8];
        foreach (var part in (byte[][])[.. Describing.Select(name => Encoding.UTF8.GetBytes(fields[name].ToString())), content])
        {
            BinaryPrimitives.WriteInt64BigEndian(length, part.Length);
            hash.AppendData(length);
            hash.AppendData(part);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
