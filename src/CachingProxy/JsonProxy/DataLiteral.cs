using System.Buffers;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;

namespace CachingProxy.JsonProxy;

/// <summary>
/// An upstream body as the JSON that stands behind <c>"data":</c>. JSON is embedded as it is, after one validating pass;
/// text becomes a string; anything else a base64 string.
/// </summary>
/// <param name="Json">The literal, UTF-8.</param>
/// <param name="IsBase64">Whether it is a base64 string.</param>
internal sealed record DataLiteral(ReadOnlyMemory<byte> Json, bool IsBase64)
{
    // Deeper JSON is not refused; it is passed on as text.
    private const int MaxDepth = 1000;

    private static readonly JsonWriterOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>No content.</summary>
    public static DataLiteral Null { get; } = new("null"u8.ToArray(), false);

    static DataLiteral() => Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);

    /// <summary>The literal of a body with its <c>Content-Type</c>, which is believed; one without a type is looked at.</summary>
    public static DataLiteral Of(string contentType, ReadOnlyMemory<byte> body)
    {
        _ = MediaTypeHeaderValue.TryParse(contentType, out var type);
        var mediaType = type?.MediaType?.ToLowerInvariant();
        if (mediaType is null && body.IsEmpty)
        {
            return Null;
        }

        if (mediaType is not null && !IsText(mediaType, type!.CharSet))
        {
            return Base64(body);
        }

        var isJson = mediaType is null || IsJson(mediaType);
        if (Utf8Text(body, type?.CharSet) is not { } text)
        {
            return Base64(body);
        }

        return isJson && IsValidJson(text.Span) ? new DataLiteral(text, false) : Write(writer => writer.WriteStringValue(text.Span), false);
    }

    private static bool IsJson(string mediaType) =>
        mediaType is "application/json" or "text/json" || mediaType.EndsWith("+json", StringComparison.Ordinal);

    private static bool IsText(string mediaType, string? charset) =>
        IsJson(mediaType) || charset is not null
        || mediaType.StartsWith("text/", StringComparison.Ordinal) || mediaType.EndsWith("+xml", StringComparison.Ordinal)
        || mediaType is "application/xml" or "application/javascript" or "application/ecmascript" or "application/yaml" or "application/toml"
            or "application/x-www-form-urlencoded" or "application/x-ndjson" or "application/graphql" or "application/sql";

    /// <summary>The body in UTF-8 without a byte order mark, which wins over the declared charset; null where it is not in that.</summary>
    private static ReadOnlyMemory<byte>? Utf8Text(ReadOnlyMemory<byte> body, string? charset)
    {
        var (declared, mark) = body.Span switch
        {
            [0xEF, 0xBB, 0xBF, ..] => (Encoding.UTF8, 3),
            [0xFF, 0xFE, 0x00, 0x00, ..] => (Encoding.UTF32, 4),
            [0xFF, 0xFE, ..] => (Encoding.Unicode, 2),
            [0xFE, 0xFF, ..] => (Encoding.BigEndianUnicode, 2),
            _ => (EncodingOf(charset), 0),
        };

        var bytes = body[mark..];
        if (declared is null)
        {
            return null;
        }

        if (declared.CodePage == Encoding.UTF8.CodePage)
        {
            // No conditional expression: between memory and null it would make the null an empty memory.
            if (!Utf8.IsValid(bytes.Span))
            {
                return null;
            }

            return bytes;
        }

        try
        {
            var strict = Encoding.GetEncoding(declared.CodePage, EncoderFallback.ExceptionFallback, DecoderFallback.ExceptionFallback);
            return Encoding.UTF8.GetBytes(strict.GetString(bytes.Span));
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    private static Encoding? EncodingOf(string? charset)
    {
        try
        {
            return charset is null ? Encoding.UTF8 : Encoding.GetEncoding(charset.Trim('"', '\''));
        }
        catch (Exception failure) when (failure is ArgumentException or NotSupportedException)
        {
            return null;
        }
    }

    private static bool IsValidJson(ReadOnlySpan<byte> text)
    {
        try
        {
            var reader = new Utf8JsonReader(text, new JsonReaderOptions { MaxDepth = MaxDepth });
            while (reader.Read())
            {
            }

            return reader.BytesConsumed > 0;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static DataLiteral Base64(ReadOnlyMemory<byte> body) => Write(writer => writer.WriteBase64StringValue(body.Span), true);

    private static DataLiteral Write(Action<Utf8JsonWriter> write, bool isBase64)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, Writing))
        {
            write(writer);
        }

        return new DataLiteral(buffer.WrittenMemory, isBase64);
    }
}
