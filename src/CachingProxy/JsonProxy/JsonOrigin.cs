using System.Buffers;
using System.IO.Compression;
using CachingProxy.Core.Keys;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Parsing;
using CachingProxy.Http.Targets;
using Microsoft.Extensions.Primitives;

namespace CachingProxy.JsonProxy;

/// <summary>
/// An origin whose responses are ready for the envelope: redirects followed, content inflated, checked and turned into a JSON literal once.
/// The cache keeps that literal, so that a hit neither parses nor copies it.
/// </summary>
internal sealed class JsonOrigin(IOrigin inner, TargetGuard guard, OriginBase? origin, ProxyMemory memory, long maxBodyBytes) : IOrigin
{
    /// <summary>The largest number of redirects that are followed.</summary>
    public const int MaxRedirects = 5;

    /// <summary>
    /// How many times larger content may become when it is inflated; the limit does not apply to content that stays within a megabyte. A
    /// decompression bomb inflates a thousandfold.
    /// </summary>
    public const int MaxInflation = 200;

    /// <summary>The largest number of content codings that are undone, one after the other.</summary>
    public const int MaxCodings = 2;

    /// <summary>Marks a literal that is base64; for the envelope alone.</summary>
    public const string EncodingField = "Data-Encoding";

    /// <summary>Names the charset of a text if the charset is one that we do not know; for the envelope alone.</summary>
    public const string CharsetField = "Data-Charset";

    // The fields that the cache and the envelope need, in addition to the fields that clients may ask for.
    private static readonly string[] KeptFields = ["Content-Type", "Date", "Vary", "Via", "Content-Location"];

    /// <inheritdoc/>
    public async ValueTask<OriginResponse> SendAsync(OriginRequest request, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(request);
        var (response, vary, from) = await FollowAsync(request, cancellation);
        await using (response)
        {
            if (ServerSentEvents.AreIn(response.Fields))
            {
                throw Invalid("The upstream answered with an event stream, which has no end; only a forwarded path passes it on.");
            }

            var use = new ProxyMemoryUse(memory);
            DataLiteral literal;
            try
            {
                literal =
                    request.Method == "HEAD" || response.Status is 204 or 205
                        ? DataLiteral.Null
                        : DataLiteral.Of(response.Fields["Content-Type"].ToString(), await ReadAsync(response, use, cancellation), use);
            }
            catch
            {
                use.Dispose();
                throw;
            }

            var fields = new FieldList([
                .. response.Fields.Without(name =>
                    !(KeptFields.Contains(name, StringComparer.OrdinalIgnoreCase) || UpstreamFields.IsPermitted(name))
                    || name.Equals("Vary", StringComparison.OrdinalIgnoreCase)
                    || name.Equals("Location", StringComparison.OrdinalIgnoreCase)
                ),
                .. LocationOf(response, from),
                .. vary.Count > 0
                    ? [new KeyValuePair<string, StringValues>("Vary", vary)]
                    : Array.Empty<KeyValuePair<string, StringValues>>(),
                .. literal.IsBase64
                    ? [new KeyValuePair<string, StringValues>(EncodingField, "base64")]
                    : Array.Empty<KeyValuePair<string, StringValues>>(),
                .. literal.UnknownCharset is { } charset
                    ? [new KeyValuePair<string, StringValues>(CharsetField, charset)]
                    : Array.Empty<KeyValuePair<string, StringValues>>(),
            ]);
            return new OriginResponse(response.Status, fields, new LiteralStream(literal.Json), owner: use)
            {
                ContentLength = literal.Json.Length,
                Version = response.Version,
                IsFramingAmbiguous = response.IsFramingAmbiguous,
                HasUnreadableField = response.HasUnreadableField,
            };
        }
    }

    // A response at the end of redirects varies on the fields that any response on the way varied on.
    private async ValueTask<(OriginResponse Response, StringValues Vary, CacheKey From)> FollowAsync(
        OriginRequest request,
        CancellationToken cancellation
    )
    {
        var vary = StringValues.Empty;
        for (var redirects = 0; ; redirects++)
        {
            var response = await SendAsync(request, redirects, cancellation);
            vary = StringValues.Concat(vary, response.Fields["Vary"]);
            if (
                response.Status is not (301 or 302 or 303 or 307 or 308)
                || request.Method is not ("GET" or "HEAD")
                || response.Fields["Location"] is not { Count: 1 } location
            )
            {
                return (response, vary, request.Key);
            }

            await response.DisposeAsync();
            if (redirects == MaxRedirects)
            {
                throw Invalid($"The upstream redirected more than {MaxRedirects} times.");
            }

            request = request with { Key = Next(request.Key, location.ToString()).Key!.Value };
        }
    }

    // RFC 9110 §10.2.2: Location is relative to the URL that was answered. The client does not know that URL, so Location is made absolute.
    private static IEnumerable<KeyValuePair<string, StringValues>> LocationOf(OriginResponse response, CacheKey from) =>
        response.Fields["Location"] is { Count: 1 } location
        && Uri.TryCreate(from.ToString(), UriKind.Absolute, out var answered)
        && Uri.TryCreate(answered, location.ToString(), out var absolute)
            ? [new("Location", absolute.AbsoluteUri)]
            : [];

    // The message of a failure after a redirect names the host, because the client did not ask for that host.
    private async ValueTask<OriginResponse> SendAsync(OriginRequest request, int redirects, CancellationToken cancellation)
    {
        try
        {
            return await inner.SendAsync(request, cancellation);
        }
        catch (OriginException failure) when (redirects > 0 && failure.Error != OriginError.ForbiddenTarget)
        {
            throw new OriginException(
                failure.Error,
                $"The upstream redirected to {request.Key.Authority}, which failed: {failure.Message}",
                failure.InnerException
            )
            {
                RetryAfter = failure.RetryAfter,
            };
        }
    }

    private ProxyTarget Next(CacheKey from, string location)
    {
        var reference = location.IndexOf('#', StringComparison.Ordinal) is var fragment and >= 0 ? location[..fragment] : location;
        if (!Uri.TryCreate(from.ToString(), UriKind.Absolute, out var source) || !Uri.TryCreate(source, reference, out var uri))
        {
            throw Invalid("The upstream redirected to something that is no URL.");
        }

        if (source.Scheme == "https" && uri.Scheme == "http")
        {
            throw Invalid("The upstream redirected from https to http, which is not followed.");
        }

        var target = new ProxyTargetParser(null).Parse(uri.AbsoluteUri);
        // The configured origin may redirect to any of its own paths. But no other host may redirect to a path of the origin outside the
        // base path, because the request would carry the credentials of the origin.
        if (
            origin is not null
            && from.Authority != origin.Authority
            && target.Key?.Authority == origin.Authority
            && !origin.Contains(target.Key.Value.Target)
        )
        {
            throw TargetGuard.Forbidden();
        }

        if (target.Key is null)
        {
            throw Invalid("The upstream redirected to a URL that is not permitted here.");
        }

        if (guard.Permits(target.Host, target.Port))
        {
            return target;
        }

        throw TargetGuard.Forbidden();
    }

    private async ValueTask<ReadOnlySequence<byte>> ReadAsync(
        OriginResponse response,
        ProxyMemoryUse memory,
        CancellationToken cancellation
    )
    {
        if (response.ContentLength > maxBodyBytes)
        {
            throw TooLarge();
        }

        var codings = response
            .Fields["Content-Encoding"]
            .ToString()
            .Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (codings.Length > MaxCodings)
        {
            throw Invalid($"The upstream's content is coded {codings.Length} times; at most {MaxCodings} are undone.");
        }

        var content = memory.NewBuffer();
        await CopyAsync(response.Body, content, maxBodyBytes, cancellation);
        var maxByRatio = Math.Min(maxBodyBytes, Math.Max(1 << 20, content.Length * MaxInflation));
        foreach (var coding in codings.Reverse())
        {
            content = await InflateAsync(coding.ToLowerInvariant(), content, memory.NewBuffer(), maxByRatio, cancellation);
        }

        return content.ToSequence();
    }

    private async ValueTask<ProxyBuffer> InflateAsync(
        string coding,
        ProxyBuffer deflated,
        ProxyBuffer inflated,
        long maxBytes,
        CancellationToken cancellation
    )
    {
        var content = deflated.ToSequence();
        var source = new LiteralStream(content);
        Stream? inflating = coding switch
        {
            "gzip" or "x-gzip" => new GZipStream(source, CompressionMode.Decompress),
            "br" => new BrotliStream(source, CompressionMode.Decompress),
            // RFC 9110 §8.4.1.2: some servers send the deflate data without the zlib format, and browsers accept that too.
            "deflate" when HasZlibHeader(content.FirstSpan) => new ZLibStream(source, CompressionMode.Decompress),
            "deflate" => new DeflateStream(source, CompressionMode.Decompress),
            "identity" => null,
            _ => throw Invalid(
                $"The upstream used the content coding '{coding}', which was not asked for; gzip, br and deflate can be undone."
            ),
        };
        if (inflating is null)
        {
            return deflated;
        }

        await using (inflating)
        {
            try
            {
                await CopyAsync(inflating, inflated, maxBytes, cancellation);
            }
            catch (Exception failure) when (failure is InvalidDataException or InvalidOperationException or IOException)
            {
                throw new OriginException(OriginError.InvalidResponse, "The upstream's compressed content is damaged.", failure);
            }
        }

        deflated.Dispose();
        return inflated;
    }

    // RFC 1950 §2.2: the method is 8, and the first two bytes are a multiple of 31.
    private static bool HasZlibHeader(ReadOnlySpan<byte> content) =>
        content is [var method, var flags, ..] && (method & 0xf) == 8 && ((method << 8) | flags) % 31 == 0;

    private async ValueTask CopyAsync(Stream from, ProxyBuffer to, long maxBytes, CancellationToken cancellation)
    {
        while (await from.ReadAsync(to.GetMemory(), cancellation) is var read and > 0)
        {
            if (to.Length + read > maxBytes)
            {
                throw TooLarge();
            }

            to.Advance(read);
        }
    }

    private OriginException TooLarge() =>
        Invalid($"The upstream's content is larger than {maxBodyBytes} bytes, or inflates out of all proportion.");

    private static OriginException Invalid(string message) => new(OriginError.InvalidResponse, message);
}
