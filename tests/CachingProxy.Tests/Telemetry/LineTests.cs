using System.Buffers;
using System.Net;
using System.Text;
using System.Text.Json;
using CachingProxy.Core.Telemetry;
using CachingProxy.Telemetry;
using CachingProxy.TestKit;

namespace CachingProxy.Tests.Telemetry;

/// <summary>The lines of the access log.</summary>
public class LineTests
{
    private static readonly RequestEvent Hit = new()
    {
        ReceivedAt = FakeTimeProvider.Start,
        Method = "GET",
        Target = "/products?token=abc",
        Protocol = "HTTP/1.1",
        Host = "localhost:3000",
        Client = IPAddress.Loopback,
        UserAgent = "curl/8",
        Referer = "http://a.test/?key=abc",
        Status = 200,
        Face = "forwarded",
        Key = new("http://origin.test", "/products?token=abc"),
        Outcome = RequestOutcome.Hit,
        Reason = "fresh",
        Age = TimeSpan.FromSeconds(1),
        TimeToLive = TimeSpan.FromSeconds(13.5),
        Bytes = 1433,
        Duration = TimeSpan.FromMicroseconds(234),
        TimeToHead = TimeSpan.FromMicroseconds(200),
        TraceId = "4bf92f3577b34da6a3ce929d0e0e4736",
    };

    private static readonly Redaction Redaction = new([]);

    [Fact]
    public void TheTextOfAHit_IsShortAndAligned() =>
        Assert.Equal("03:04:05 GET    /products?token=***              200 HIT            0.2 ms   1.4 kB ttl=14\n", Text(Hit));

    [Fact]
    public void TheTextOfAMissThatWasNotStored_SaysWhy() =>
        Assert.Equal(
            "03:04:05 GET    /products?token=***              200 MISS            34 ms   1.4 kB not stored: request-cookie\n",
            Text(NotStored(Hit, "request-cookie"))
        );

    [Fact]
    public void OnATerminal_AReasonIsExplainedOnce_AndAgainAfterAMinute()
    {
        var time = new FakeTimeProvider();
        var line = new TextLine(Redaction, new ReasonHints(time), hasColors: false, time);
        var request = NotStored(Hit, "request-cookie");
        Assert.Contains("request-cookie: The request had a cookie", Write(line, request));
        Assert.DoesNotContain("The request had a cookie", Write(line, request));
        Assert.Contains("another", Write(line, NotStored(Hit, "request-no-store") with { }) + "another");
        time.Advance(TimeSpan.FromSeconds(61));
        Assert.Contains("What can be done: --strip-cookies", Write(line, request));
    }

    [Fact]
    public void AReasonThatMeansTwoThings_IsExplainedAsWhatItIs()
    {
        Assert.NotEqual(ReasonTexts.Of("authorization", isNotStored: true), ReasonTexts.Of("authorization", isNotStored: false));
        Assert.NotEqual(ReasonTexts.Of("partial", isNotStored: true), ReasonTexts.Of("partial", isNotStored: false));
    }

    [Fact]
    public void EveryReasonThatCanBeLogged_IsExplained()
    {
        Assert.All(
            Enum.GetValues<Core.Messages.NotStoredReason>().Select(reason => Core.Messages.ReasonTokens.ToToken(reason)),
            reason => Assert.NotNull(ReasonTexts.Of(reason, isNotStored: true))
        );
        Assert.All(
            Enum.GetValues<Core.Messages.OriginError>().Select(Core.Messages.ErrorCodes.Of),
            code => Assert.NotNull(ReasonTexts.Of(code, isNotStored: false))
        );
        Assert.All(
            [
                "uri-miss",
                "vary-miss",
                "purged",
                "stale",
                "must-validate",
                "request",
                "method",
                "partial",
                "range",
                "stale-if-error",
                "client_gone",
            ],
            token => Assert.NotNull(ReasonTexts.Of(token, isNotStored: false))
        );
    }

    [Fact]
    public void TheCombinedFormat_IsThatOfApache_WithOutcomeReasonAndTraceAfterIt() =>
        Assert.Equal(
            "127.0.0.1 - - [02/Jan/2026:03:04:05 +0000] \"GET /products?token=*** HTTP/1.1\" 200 1433 \"http://a.test/?key=***\" "
                + "\"curl/8\" HIT fresh 0.000234 4bf92f3577b34da6a3ce929d0e0e4736\n",
            Write(new CombinedLine(Redaction), Hit)
        );

    [Fact]
    public void TheJsonFormat_HasEverything_InOneLine()
    {
        var line = Write(new JsonLine(Redaction), Hit);
        Assert.Equal(line.Length - 1, line.IndexOf('\n', StringComparison.Ordinal));
        var json = JsonDocument.Parse(line).RootElement;
        Assert.Equal("/products?token=***", json.GetProperty("target").GetString());
        Assert.Equal("http://origin.test/products?token=***", json.GetProperty("upstream").GetString());
        Assert.Equal("http://a.test/?key=***", json.GetProperty("referer").GetString());
        Assert.Equal(("hit", "fresh"), (json.GetProperty("outcome").GetString(), json.GetProperty("reason").GetString()));
        Assert.Equal(
            (1, 13.5, 0.000234),
            (json.GetProperty("age").GetInt32(), json.GetProperty("ttl").GetDouble(), json.GetProperty("duration").GetDouble())
        );
        Assert.DoesNotContain("abc", line);
    }

    [Theory]
    [InlineData("/a\u001b[2J", "/a\\x1B[2J")]
    [InlineData("/a\nFAKE", "/a\\x0AFAKE")]
    [InlineData("/a\"b\\c", "/a\\x22b\\x5Cc")]
    [InlineData("/\u0085\u00ff", "/\\x85\\xFF")]
    [InlineData("/\u202e", "/\\u202E")]
    public void K08_WhatCouldEndALineOrMoveACursor_IsEscaped(string target, string shown)
    {
        var request = Change(Hit, target, userAgent: target);
        foreach (
            var format in (IAccessLine[])
                [new CombinedLine(Redaction), new TextLine(Redaction, null, false, new FakeTimeProvider()), new JsonLine(Redaction)]
        )
        {
            var line = Write(format, request);
            Assert.Equal(1, line.Count(char.IsControl));
            Assert.Contains(format is JsonLine ? JsonSerializer.Serialize(shown, Relaxed)[1..^1] : shown, line);
        }
    }

    [Fact]
    public void K08_ATextOfAMegabyte_IsCut()
    {
        var request = Change(Hit, "/" + new string('a', 1 << 20), userAgent: new string('b', 1 << 20));
        Assert.InRange(Write(new CombinedLine(Redaction), request).Length, 1, 3000);
    }

    private static readonly JsonSerializerOptions Relaxed = new()
    {
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private static RequestEvent NotStored(RequestEvent request, string reason) =>
        request with
        {
            Outcome = RequestOutcome.Miss,
            Reason = reason,
            TimeToLive = null,
            Duration = TimeSpan.FromMilliseconds(34),
        };

    private static RequestEvent Change(RequestEvent request, string target, string userAgent) =>
        request with
        {
            Target = target,
            UserAgent = userAgent,
        };

    private static string Text(RequestEvent request) =>
        Write(new TextLine(Redaction, null, hasColors: false, new FakeTimeProvider()), request);

    private static string Write(IAccessLine line, RequestEvent request)
    {
        var output = new ArrayBufferWriter<byte>();
        line.Write(output, request);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }
}
