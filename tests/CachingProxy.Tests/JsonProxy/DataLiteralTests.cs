using System.Buffers;
using System.Text;
using System.Text.Json;
using CachingProxy.JsonProxy;
using FsCheck.Fluent;

namespace CachingProxy.Tests.JsonProxy;

public class DataLiteralTests
{
    [Theory]
    [InlineData("application/json")]
    [InlineData("application/json; charset=utf-8")]
    [InlineData("application/problem+json")]
    [InlineData("application/json; charset=utf8")]
    [InlineData("application/json; charset=\"UTF_8\"")]
    [InlineData("application/json; charset=utf8mb4")]
    [InlineData("application/vnd.api+json; charset=iso-8859-1")]
    [InlineData("application/json; charset=klingon")]
    [InlineData("")]
    public void Json_IsEmbeddedByteForByte(string contentType)
    {
        const string Json = "{ \"a\" : [1.50, \"\\u00e9 <>\", 12345678901234567890] }\n";
        Assert.Equal(Json, Text(Of(contentType, Encoding.UTF8.GetBytes(Json))));
    }

    [Theory]
    [InlineData("application/json", "{\"a\":", "\"{\\\"a\\\":\"")]
    [InlineData("application/json", "", "\"\"")]
    [InlineData("application/json", "{} {}", "\"{} {}\"")]
    [InlineData("text/plain", "{\"a\":1}", "\"{\\\"a\\\":1}\"")]
    [InlineData("text/html", "<p>caf\u00e9</p>", "\"<p>caf\u00e9</p>\"")]
    [InlineData("", "plain", "\"plain\"")]
    [InlineData("", "", "null")]
    public void JsonThatDoesNotParse_AndText_AreStrings(string contentType, string body, string json) =>
        Assert.Equal(json, Text(Of(contentType, Encoding.UTF8.GetBytes(body))));

    [Fact]
    public void AByteOrderMark_IsNotPartOfTheJson() =>
        Assert.Equal(
            "{\"a\":1}",
            Text(
                Of(
                    "application/json",
                    new byte[] { 0xEF, 0xBB, 0xBF }
                        .Concat("{\"a\":1}"u8.ToArray())
                        .ToArray()
                )
            )
        );

    [Theory]
    [InlineData("utf-16", true)]
    [InlineData("utf-16", false)]
    [InlineData("iso-8859-1", false)]
    [InlineData("windows-1252", false)]
    public void TextInAnotherCharset_BecomesUtf8(string charset, bool mark)
    {
        var encoding = Encoding.GetEncoding(charset);
        var bytes = (mark ? encoding.GetPreamble() : []).Concat(encoding.GetBytes("caf\u00e9")).ToArray();
        Assert.Equal("\"caf\u00e9\"", Text(Of($"text/plain; charset={charset}", bytes)));
    }

    [Fact]
    public void JsonInUtf16_IsJson() =>
        Assert.Equal("{\"a\":\"\u00e9\"}", Text(Of("application/json; charset=utf-16", Encoding.Unicode.GetBytes("{\"a\":\"\u00e9\"}"))));

    [Fact]
    public void JsonInItsDeclaredCharset_IsJson_WhereItIsNotUtf8() =>
        Assert.Equal(
            "{\"a\":\"\u00e9\"}",
            Text(Of("application/json; charset=iso-8859-1", Encoding.Latin1.GetBytes("{\"a\":\"\u00e9\"}")))
        );

    [Theory]
    [InlineData("text/plain; charset=utf8")]
    [InlineData("text/html; charset=UTF_8")]
    [InlineData("text/csv; charset='utf8mb4'")]
    [InlineData("text/plain; charset=klingon")]
    public void TextOfACharsetThatIsUtf8ByAnotherName_OrUnknown_IsReadAsUtf8(string contentType) =>
        Assert.Equal("\"caf\u00e9\"", Text(Of(contentType, Encoding.UTF8.GetBytes("caf\u00e9"))));

    [Fact]
    public void TextOfAnUnknownCharset_ThatIsNoUtf8_IsBase64_AndSaysWhich()
    {
        var literal = Of("text/plain; charset=\"klingon\"", [0xE9, 0x20]);
        Assert.Equal((true, "klingon"), (literal.IsBase64, literal.UnknownCharset));
    }

    [Theory]
    [InlineData("image/png")]
    [InlineData("application/octet-stream")]
    [InlineData("text/plain")]
    [InlineData("application/json")]
    [InlineData("text/plain; charset=no-such")]
    public void AnythingElse_IsBase64(string contentType)
    {
        byte[] bytes = [0x89, 0x50, 0xFF, 0x00];
        var literal = Of(contentType, bytes);
        Assert.True(literal.IsBase64);
        Assert.Equal(bytes, JsonDocument.Parse(literal.Json).RootElement.GetBytesFromBase64());
    }

    [Fact]
    public void AnyBody_BecomesValidJson() =>
        FsCheck.Check.QuickThrowOnFailure(
            Prop.ForAll<byte[]>(body =>
            {
                foreach (var contentType in (string[])["", "application/json", "text/plain", "image/png"])
                {
                    using var document = JsonDocument.Parse(Of(contentType, body).Json);
                }

                return true;
            })
        );

    private static DataLiteral Of(string contentType, byte[] body) =>
        DataLiteral.Of(contentType, new ReadOnlySequence<byte>(body), new ProxyMemoryUse(new ProxyMemory(128 << 20)));

    private static string Text(DataLiteral literal) => Encoding.UTF8.GetString(literal.Json.ToArray());
}
