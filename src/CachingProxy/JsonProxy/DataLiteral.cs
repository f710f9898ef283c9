using System.Buffers;
using System.Buffers.Text;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using CachingProxy.Core.Messages;

namespace CachingProxy.JsonProxy;

/// <summary>
/// An upstream body as the JSON value of <c>data</c> in the envelope. JSON is embedded as it is, after one validating pass; text becomes a
/// string; anything else a base64 string. The body is converted piece by piece, in bounded memory.
/// </summary>
/// <param name="Json">The literal in UTF-8, valid until the memory that it was made in is given back.</param>
/// <param name="IsBase64">Whether the literal is a base64 string.</param>
/// <param name="UnknownCharset">The declared charset of a text, if this program does not know that charset and the text is not valid UTF-8
/// either; null otherwise.</param>
internal sealed record DataLiteral(ReadOnlySequence<byte> Json, bool IsBase64, string? UnknownCharset = null)
{
    // Deeper JSON is not refused; it is passed on as text.
    private const int MaxDepth = 1000;

    // The number of bytes that are converted at once. It is a multiple of three, as base64 needs. A segment has room for six times as many
    // bytes, because an escape may turn one byte into six.
    private const int PieceBytes = 9 * 1024;

    private const int MaxEscapedBytesPerByte = 6;

    /// <summary>No content.</summary>
    public static DataLiteral Null { get; } = new(new ReadOnlySequence<byte>("null"u8.ToArray()), false);

    static DataLiteral() => Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);

    /// <summary>
    /// Makes the literal of a body. Its <c>Content-Type</c> is believed. A body without one becomes JSON if it is valid JSON, else a string
    /// if it is valid UTF-8, else base64.
    /// </summary>
    /// <exception cref="OriginException">There is no memory for the literal.</exception>
    public static DataLiteral Of(string contentType, ReadOnlySequence<byte> body, ProxyMemoryUse memory)
    {
        _ = MediaTypeHeaderValue.TryParse(contentType, out var type);
        var mediaType = type?.MediaType?.ToLowerInvariant();
        if (mediaType is null && body.IsEmpty)
        {
            return Null;
        }

        var charset = type?.CharSet?.Trim('"', '\'');
        if (mediaType is not null && !IsText(mediaType, charset))
        {
            return Base64Of(body, memory);
        }

        // RFC 8259 §8.1: JSON is UTF-8, whatever its charset is said to be.
        var isJson = mediaType is null || IsJson(mediaType);
        if (isJson && charset is not null && Utf8Text(body, Encoding.UTF8, memory) is { } utf8 && IsValidJson(utf8))
        {
            return new DataLiteral(utf8, false);
        }

        var declared = EncodingOf(charset);
        if (Utf8Text(body, declared ?? Encoding.UTF8, memory) is not { } text)
        {
            return Base64Of(body, memory) with { UnknownCharset = declared is null ? charset : null };
        }

        return isJson && IsValidJson(text) ? new DataLiteral(text, false) : StringOf(text, memory);
    }

    private static bool IsJson(string mediaType) =>
        mediaType is "application/json" or "text/json" || mediaType.EndsWith("+json", StringComparison.Ordinal);

    private static bool IsText(string mediaType, string? charset) =>
        IsJson(mediaType)
        || charset is not null
        || mediaType.StartsWith("text/", StringComparison.Ordinal)
        || mediaType.EndsWith("+xml", StringComparison.Ordinal)
        || mediaType
            is "application/xml"
                or "application/javascript"
                or "application/ecmascript"
                or "application/yaml"
                or "application/toml"
                or "application/x-www-form-urlencoded"
                or "application/x-ndjson"
                or "application/graphql"
                or "application/sql";

    /// <summary>
    /// Returns the body in UTF-8 without its byte order mark, which wins over the declared encoding; null where the bytes are invalid in
    /// that encoding.
    /// </summary>
    private static ReadOnlySequence<byte>? Utf8Text(ReadOnlySequence<byte> body, Encoding declared, ProxyMemoryUse memory)
    {
        Span<byte> begin = stackalloc byte[4];
        begin = begin[..(int)Math.Min(begin.Length, body.Length)];
        body.Slice(0, begin.Length).CopyTo(begin);
        var (encoding, mark) = begin switch
        {
            [0xEF, 0xBB, 0xBF, ..] => (Encoding.UTF8, 3),
            [0xFF, 0xFE, 0x00, 0x00, ..] => (Encoding.UTF32, 4),
            [0xFF, 0xFE, ..] => (Encoding.Unicode, 2),
            [0xFE, 0xFF, ..] => (Encoding.BigEndianUnicode, 2),
            _ => (declared, 0),
        };

        var bytes = body.Slice(mark);
        var isUtf8 = encoding.CodePage == Encoding.UTF8.CodePage;
        var transcoded = isUtf8 ? null : memory.NewBuffer();
        try
        {
            Transcode(bytes, encoding, transcoded);
        }
        catch (DecoderFallbackException)
        {
            transcoded?.Dispose();
            return null;
        }

        return transcoded?.ToSequence() ?? bytes;
    }

    // Converts to UTF-8; without a destination it only checks that the bytes are valid in their encoding.
    private static void Transcode(ReadOnlySequence<byte> bytes, Encoding from, ProxyBuffer? destination)
    {
        var decoder = Encoding
            .GetEncoding(from.CodePage, EncoderFallback.ExceptionFallback, DecoderFallback.ExceptionFallback)
            .GetDecoder();
        var encoder = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false).GetEncoder();
        var characters = ArrayPool<char>.Shared.Rent(PieceBytes + 8);
        try
        {
            for (var rest = bytes; ; )
            {
                var piece = rest.First.Span[..Math.Min(rest.First.Length, PieceBytes)];
                rest = rest.Slice(piece.Length);
                var count = decoder.GetChars(piece, characters, flush: rest.IsEmpty);
                if (destination is not null && count > 0)
                {
                    destination.Advance(
                        encoder.GetBytes(characters.AsSpan(0, count), destination.GetSpan((count + 1) * 3), flush: rest.IsEmpty)
                    );
                }

                if (rest.IsEmpty)
                {
                    return;
                }
            }
        }
        finally
        {
            ArrayPool<char>.Shared.Return(characters);
        }
    }

    // UTF-8 goes by many names that nobody has registered. Null for a charset that is not known.
    private static Encoding? EncodingOf(string? charset)
    {
        if (
            charset?.Replace("-", "", StringComparison.Ordinal).Replace("_", "", StringComparison.Ordinal).ToLowerInvariant()
            is null
                or "utf8"
                or "utf8mb3"
                or "utf8mb4"
        )
        {
            return Encoding.UTF8;
        }

        try
        {
            return Encoding.GetEncoding(charset);
        }
        catch (Exception failure) when (failure is ArgumentException or NotSupportedException)
        {
            return null;
        }
    }

    private static bool IsValidJson(ReadOnlySequence<byte> text)
    {
        try
        {
            var reader = new Utf8JsonReader(text, isFinalBlock: true, new JsonReaderState(new JsonReaderOptions { MaxDepth = MaxDepth }));
            while (reader.Read()) { }

            return reader.BytesConsumed > 0;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static DataLiteral StringOf(ReadOnlySequence<byte> text, ProxyMemoryUse memory)
    {
        var literal = memory.NewBuffer();
        literal.Write("\""u8);
        Span<byte> piece = stackalloc byte[PieceBytes];
        for (var rest = text; !rest.IsEmpty; )
        {
            // A character may lie across two segments, so each piece is copied into one span. An incomplete character at the end of a piece
            // goes into the next piece.
            var count = (int)Math.Min(piece.Length, rest.Length);
            rest.Slice(0, count).CopyTo(piece);
            JavaScriptEncoder.UnsafeRelaxedJsonEscaping.EncodeUtf8(
                piece[..count],
                literal.GetSpan(count * MaxEscapedBytesPerByte),
                out var consumed,
                out var written,
                isFinalBlock: count == rest.Length
            );
            literal.Advance(written);
            rest = rest.Slice(consumed);
        }

        literal.Write("\""u8);
        return new DataLiteral(literal.ToSequence(), false);
    }

    private static DataLiteral Base64Of(ReadOnlySequence<byte> body, ProxyMemoryUse memory)
    {
        var literal = memory.NewBuffer();
        literal.Write("\""u8);
        Span<byte> piece = stackalloc byte[PieceBytes];
        for (var rest = body; !rest.IsEmpty; )
        {
            var count = (int)Math.Min(piece.Length, rest.Length);
            rest.Slice(0, count).CopyTo(piece);
            Base64.EncodeToUtf8(
                piece[..count],
                literal.GetSpan(Base64.GetMaxEncodedToUtf8Length(count)),
                out _,
                out var written,
                isFinalBlock: count == rest.Length
            );
            literal.Advance(written);
            rest = rest.Slice(count);
        }

        literal.Write("\""u8);
        return new DataLiteral(literal.ToSequence(), true);
    }
}
