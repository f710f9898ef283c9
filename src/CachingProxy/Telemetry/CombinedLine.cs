using System.Buffers;
using System.Globalization;
using System.Text;
using CachingProxy.Core.Telemetry;

namespace CachingProxy.Telemetry;

/// <summary>
/// The combined format, as Apache and nginx write it and most tools read it. Outcome, reason, seconds and trace follow at the end of the
/// line.
/// </summary>
internal sealed class CombinedLine(Redaction redaction) : IAccessLine
{
    /// <inheritdoc/>
    public void Write(IBufferWriter<byte> output, in RequestEvent request)
    {
        var at = request.ReceivedAt.UtcDateTime;
        var line = string.Create(
            CultureInfo.InvariantCulture,
            $"{request.Client?.ToString() ?? "-"} - - [{at:dd/MMM/yyyy:HH:mm:ss} +0000] \"{LogText.Of(request.Method)} "
                + $"{LogText.Of(redaction.Of(request.Target), LogText.MaxTarget)} {LogText.Of(request.Protocol)}\" {request.Status} "
                + $"{request.Bytes} \"{(request.Referer is { } referer ? LogText.Of(redaction.Of(referer)) : "-")}\" "
                + $"\"{(request.UserAgent is { } agent ? LogText.Of(agent) : "-")}\" "
                + $"{request.Outcome.ToCapitals()} {request.Reason} {request.Duration.TotalSeconds:0.000000} {request.TraceId ?? "-"}\n"
        );
        Encoding.UTF8.GetBytes(line, output);
    }
}
