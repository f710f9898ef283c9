using System.Globalization;
using System.Net;
using System.Text;
using CachingProxy.AspNetCore.Responses;
using CachingProxy.Core.Telemetry;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Logging;

namespace CachingProxy.Serving;

/// <summary>
/// Gives a reason in the answers to requests whose heads Kestrel refused, and logs the refusals. Safe for any number of threads.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="events">Receives an event for each refused request.</param>
/// <param name="logger">Logs the refusals, at most one line in 10 seconds.</param>
internal sealed partial class MalformedRequests(TimeProvider time, CacheEvents events, ILogger<MalformedRequests> logger)
{
    private const string Code = "bad_request";
    private const string Unread = "-";

    private readonly Occasionally _tell = new(TimeSpan.FromSeconds(10), time);
    private long _refused;

    /// <summary>The number of requests that were refused.</summary>
    public long Refused => Volatile.Read(ref _refused);

    /// <summary>Returns the whole answer in the place of Kestrel's own.</summary>
    /// <param name="answer">What Kestrel was about to send.</param>
    /// <param name="client">The client's address; null where the connection has none.</param>
    /// <param name="fault">The fault of the request line; null if it is not known. It replaces Kestrel's own reason: if a target holds a
    /// blank, Kestrel complains of the version.</param>
    public byte[] InPlaceOf(ReadOnlySpan<byte> answer, IPAddress? client, string? fault)
    {
        // HTTP/1.1 400 Bad Request
        if (answer.Length < 12 || !int.TryParse(answer[9..12], NumberStyles.None, CultureInfo.InvariantCulture, out var status))
        {
            return answer.ToArray();
        }

        Interlocked.Increment(ref _refused);
        (status, var detail) = fault is null ? (status, Detail(status)) : (400, fault);
        if (_tell.IsTime())
        {
            LogRefused(logger, Refused, status, detail);
        }

        var json = ProblemWriter.ToJson(status, Code, detail);
        if (events.IsObserved)
        {
            events.Report(EventOf(status, client, json.Length));
        }

        var reason = ReasonPhrases.GetReasonPhrase(status);
        var head = string.Create(
            CultureInfo.InvariantCulture,
            $"HTTP/1.1 {status} {reason}\r\nDate: {time.GetUtcNow():R}\r\nConnection: close\r\n"
                + $"Cache-Control: no-store\r\nContent-Type: application/problem+json\r\nContent-Length: {json.Length}\r\n\r\n"
        );
        return [.. Encoding.ASCII.GetBytes(head), .. json];
    }

    // The event has no method, target or protocol, because the request could not be read.
    private RequestEvent EventOf(int status, IPAddress? client, int bytes) =>
        new()
        {
            ReceivedAt = time.GetUtcNow(),
            Method = Unread,
            Target = Unread,
            Protocol = Unread,
            Client = client,
            Status = status,
            Outcome = RequestOutcome.Refused,
            Reason = Code,
            Bytes = bytes,
        };

    private static string Detail(int status) =>
        status switch
        {
            408 => "The head of the request did not come within 10 seconds.",
            414 => "The request line is longer than 8 KiB.",
            431 => "The fields of the request are more than 64, or larger than 16 KiB.",
            505 => "Only HTTP/1.0 and HTTP/1.1 are spoken here.",
            _ => "The request is not valid HTTP/1.1.",
        };

    [LoggerMessage(
        121,
        LogLevel.Warning,
        "So far {Count} requests were refused before they could be read, the last one with {Status}: {Detail}"
    )]
    private static partial void LogRefused(ILogger logger, long count, int status, string detail);
}
