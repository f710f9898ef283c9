using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using CachingProxy.Core.Telemetry;

namespace CachingProxy.Telemetry;

/// <summary>One JSON object a line, with everything that is known of a request. Times are in seconds.</summary>
internal sealed class JsonLine(Redaction redaction) : IAccessLine
{
    // The line is read by programs, never as HTML.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <inheritdoc/>
    public void Write(IBufferWriter<byte> output, in RequestEvent request)
    {
        using (var json = new Utf8JsonWriter(output, Options))
        {
            json.WriteStartObject();
            json.WriteString("time", request.ReceivedAt.UtcDateTime);
            json.WriteString("method", LogText.Of(request.Method));
            json.WriteString("target", LogText.Of(redaction.Of(request.Target), LogText.MaxTarget));
            WriteText(json, "host", request.Host);
            json.WriteString("protocol", LogText.Of(request.Protocol));
            WriteText(json, "client", request.Client?.ToString());
            json.WriteNumber("status", request.Status);
            json.WriteString("outcome", request.Outcome.ToToken());
            json.WriteString("reason", request.Reason);
            WriteText(json, "face", request.Face);
            if (request.Key is { } key)
            {
                json.WriteString("upstream", LogText.Of(redaction.Of(key.ToString()), LogText.MaxTarget));
            }

            json.WriteBoolean("stored", request.IsStored);
            WriteSeconds(json, "age", request.Age);
            WriteSeconds(json, "ttl", request.TimeToLive);
            json.WriteNumber("bytes", request.Bytes);
            WriteSeconds(json, "duration", request.Duration);
            WriteSeconds(json, "time_to_head", request.TimeToHead);
            WriteSeconds(json, "waited", request.Waited > TimeSpan.Zero ? request.Waited : null);
            if (request.IsClientGone)
            {
                json.WriteBoolean("client_gone", true);
            }

            WriteText(json, "user_agent", request.UserAgent);
            WriteText(json, "referer", request.Referer is { } referer ? redaction.Of(referer) : null);
            WriteText(json, "trace_id", request.TraceId);
            json.WriteEndObject();
        }

        output.Write("\n"u8);
    }

    private static void WriteText(Utf8JsonWriter json, string name, string? text)
    {
        if (text is not null)
        {
            json.WriteString(name, LogText.Of(text));
        }
    }

    private static void WriteSeconds(Utf8JsonWriter json, string name, TimeSpan? time)
    {
        if (time is { } known)
        {
            json.WriteNumber(name, Math.Round(known.TotalSeconds, 6));
        }
    }
}
