using System.Globalization;
using System.Net.Http.Headers;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Parsing;
using Microsoft.Extensions.Primitives;

namespace CachingProxy.Http.Upstream;

/// <summary>
/// Refuses responses that SocketsHttpHandler lets through but that cannot be passed on: with a length that is no number, a transfer coding
/// that was not decoded, a status that does not exist, or bytes that no field may hold.
/// </summary>
internal static class ResponseGuard
{
    /// <summary>Returns the head of an acceptable response.</summary>
    /// <param name="request">The request that the response answers.</param>
    /// <param name="response">The response as SocketsHttpHandler read it.</param>
    /// <param name="maxFields">The most fields that the response may have.</param>
    /// <exception cref="OriginException">The response is not acceptable.</exception>
    public static CheckedHead Check(OriginRequest request, HttpResponseMessage response, int maxFields)
    {
        var status = (int)response.StatusCode;
        if (status is < 200 or > 599 && !(status == 101 && request.IsUpgrade))
        {
            throw Invalid($"The origin answered with the status {status}.");
        }

        var lengths = Values(response.Content.Headers, "Content-Length");
        var codings = Values(response.Headers, "Transfer-Encoding");
        var hasContent = request.Method != "HEAD" && status is not (101 or 204 or 304);
        CheckLengths(lengths, response.Content.Headers.ContentLength);
        if (hasContent)
        {
            CheckCodings(codings);
        }

        // The end of the content is uncertain with two framings, with a transfer coding in HTTP/1.0 (which does not know it), and over TLS
        // with no framing. The origin may have meant another end, or an attacker may have cut the content short.
        var isHttp1 = response.Version.Major == 1;
        var isAmbiguous =
            hasContent
            && isHttp1
            && (
                (codings.Count > 0 && (lengths.Count > 0 || response.Version.Minor == 0))
                || (codings.Count == 0 && lengths.Count == 0 && request.Key.Authority.StartsWith("https:", StringComparison.Ordinal))
            );

        var fields = new List<KeyValuePair<string, StringValues>>();
        var areAllReadable =
            AddTo(fields, response.Headers.NonValidated, maxFields) & AddTo(fields, response.Content.Headers.NonValidated, maxFields);
        return new CheckedHead(
            new FieldList(fields),
            codings.Count > 0 ? null : response.Content.Headers.ContentLength,
            isAmbiguous,
            !areAllReadable
        );
    }

    private static void CheckLengths(StringValues lengths, long? understood)
    {
        // RFC 9110 §8.6: a repeated length counts once; two different lengths make the response invalid.
        var distinct = lengths.SelectMany(line => line!.Split(',')).Select(length => length.Trim(' ', '\t')).Distinct().ToList();
        if (distinct.Count > 1)
        {
            throw Invalid("The origin stated two different lengths of its content.");
        }

        // The handler does not count the content by a length that it did not understand.
        if (
            distinct.Count == 1
            && (
                distinct[0].AsSpan().ContainsAnyExceptInRange('0', '9')
                || !long.TryParse(distinct[0], NumberStyles.None, CultureInfo.InvariantCulture, out var length)
                || length != understood
            )
        )
        {
            throw Invalid("The origin stated a length of its content that is no number.");
        }
    }

    private static void CheckCodings(StringValues codings)
    {
        if (codings.Count > 1 || (codings.Count == 1 && !string.Equals(codings[0], "chunked", StringComparison.OrdinalIgnoreCase)))
        {
            throw Invalid("The origin used a transfer coding other than chunked.");
        }
    }

    // Returns false where a field was left out because it could not be sent on. The rest then goes to the client that asked but is not
    // stored, since the field may have forbidden that. Throws for a field without which the content means something else.
    private static bool AddTo(List<KeyValuePair<string, StringValues>> fields, HttpHeadersNonValidated received, int maxFields)
    {
        var areAllReadable = true;
        foreach (var (name, values) in received)
        {
            if (IsFraming(name))
            {
                continue;
            }

            foreach (var value in values)
            {
                if (FieldSyntax.IsToken(name) && FieldSyntax.IsValue(value))
                {
                    fields.Add(new(name, value));
                    continue;
                }

                areAllReadable = false;
                if (DescribesContent(name))
                {
                    throw Invalid($"The origin's {name} holds a control character, and the content cannot be read without this field.");
                }
            }

            if (fields.Count > maxFields)
            {
                throw Invalid($"The origin's response has more than {maxFields} fields.");
            }
        }

        return areAllReadable;
    }

    private static bool DescribesContent(string name) =>
        name.Equals("Content-Encoding", StringComparison.OrdinalIgnoreCase)
        || name.Equals("Content-Range", StringComparison.OrdinalIgnoreCase);

    private static bool IsFraming(string name) =>
        name.Equals("Transfer-Encoding", StringComparison.OrdinalIgnoreCase)
        || name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase);

    private static StringValues Values(HttpHeaders headers, string name) =>
        headers.NonValidated.TryGetValues(name, out var values) ? new StringValues([.. values]) : StringValues.Empty;

    private static OriginException Invalid(string message) => new(OriginError.InvalidResponse, message);
}
