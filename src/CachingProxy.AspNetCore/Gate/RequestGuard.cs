using CachingProxy.Core.Keys;
using CachingProxy.Core.Parsing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace CachingProxy.AspNetCore.Gate;

/// <summary>
/// Gives a request one meaning: refuses everything that Kestrel accepts but two servers could read differently, before anything else looks
/// at it. Its result is the one canonical target and host that are used for routing, for the cache key and in the request to the origin.
/// </summary>
public static class RequestGuard
{
    private const int MaxConnectionOptions = 64;

    // HttpClient writes these in upper case whatever was asked for, so that `get` would be answered as a GET.
    private static readonly HashSet<string> RegisteredMethods = new(StringComparer.OrdinalIgnoreCase)
    {
        "CONNECT",
        "DELETE",
        "GET",
        "HEAD",
        "OPTIONS",
        "PATCH",
        "POST",
        "PUT",
        "QUERY",
        "TRACE",
    };

    private static readonly string[] FramingFields = ["Content-Length", "Host", "Transfer-Encoding"];

    /// <summary>Checks a request before anything else does. Returns the refusal, or null and the canonical request.</summary>
    public static Refusal? Check(Exchange exchange, out GuardedRequest guarded)
    {
        ArgumentNullException.ThrowIfNull(exchange);
        guarded = default;
        var headers = exchange.RequestHeaders;
        return CheckMethod(exchange.Method)
            ?? CheckTarget(exchange, out guarded)
            ?? CheckFields(headers)
            ?? CheckFraming(exchange.Protocol, headers)
            ?? CheckConnection(headers.Connection)
            ?? CheckExpect(headers.Expect);
    }

    private static Refusal? CheckMethod(string method)
    {
        if (method is "GET" or "HEAD")
        {
            return null;
        }

        if (method is "CONNECT" or "TRACE")
        {
            return new Refusal(405, "method_not_allowed", $"{method} is not available here.");
        }

        if (RegisteredMethods.TryGetValue(method, out var registered) && method != registered)
        {
            return Refusal.BadRequest($"Methods are case-sensitive: {registered} is written in upper case.");
        }

        return null;
    }

    private static Refusal? CheckTarget(Exchange exchange, out GuardedRequest guarded)
    {
        guarded = default;
        var field = exchange.RequestHeaders.Host;
        var target = exchange.RawTarget;
        // RFC 9112 §3.2: HTTP/1.0 knew no Host.
        var isNameless = field.Count == 0 && HttpProtocol.IsHttp10(exchange.Protocol);
        var host = isNameless ? GuardedRequest.Nameless : UriNormalization.NormaliseHost(exchange.Scheme, field.ToString());
        if (field.Count > 1 || host is null || (!isNameless && host == GuardedRequest.Nameless))
        {
            return Refusal.BadRequest("The Host field must name one host, with a port from 1 to 65535 if any.");
        }

        if (target is "*" && exchange.Method == "OPTIONS")
        {
            guarded = new GuardedRequest(target, host);
            return null;
        }

        if (target.Length > 0 && target[0] != '/')
        {
            // RFC 9112 §3.2.2: the absolute form means the same as the origin form, if it names this very server.
            if (OriginForm(target, exchange.Scheme, host) is not { } path)
            {
                return Refusal.BadRequest("A target in absolute form must have this server's scheme and host, and no user information.");
            }

            target = path;
        }

        if (!UriNormalization.IsAcceptableRequestTarget(target))
        {
            return Refusal.BadRequest(
                "The request target must begin with a slash. Its path may hold what RFC 3986 permits, its query any visible ASCII "
                    + "but #; encode the rest as %HH."
            );
        }

        guarded = new GuardedRequest(target, host);
        return null;
    }

    private static string? OriginForm(string target, string scheme, string host)
    {
        var start = scheme.Length + 3;
        if (!target.StartsWith(scheme + "://", StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        var (authority, path) = UriNormalization.Split(target[start..]);
        return UriNormalization.NormaliseHost(scheme, authority) == host ? path : null;
    }

    private static Refusal? CheckFields(IHeaderDictionary headers)
    {
        foreach (var (name, values) in headers)
        {
            if (!FieldSyntax.IsToken(name))
            {
                return Refusal.BadRequest("A field name holds a character that is not permitted in a token.");
            }

            foreach (var value in values)
            {
                if (!FieldSyntax.IsValue(value))
                {
                    return Refusal.BadRequest($"The value of the field {name} holds a control character.");
                }
            }
        }

        return null;
    }

    private static Refusal? CheckFraming(string protocol, IHeaderDictionary headers)
    {
        var coding = headers.TransferEncoding;
        if (coding.Count == 0)
        {
            return null;
        }

        // Kestrel lets Transfer-Encoding win over Content-Length and moves the latter to X-Content-Length.
        if (!HttpProtocol.IsHttp11(protocol))
        {
            return Refusal.BadRequest("Transfer-Encoding is for HTTP/1.1 alone.");
        }

        if (coding.Count > 1 || !string.Equals(coding[0], "chunked", StringComparison.OrdinalIgnoreCase))
        {
            return Refusal.BadRequest("The only Transfer-Encoding that is accepted is chunked, stated once.");
        }

        if (headers.ContentLength is not null || headers.ContainsKey("X-Content-Length"))
        {
            return Refusal.BadRequest("A message has Content-Length or Transfer-Encoding, not both.");
        }

        return null;
    }

    private static Refusal? CheckConnection(StringValues connection)
    {
        if (connection.Count == 0)
        {
            return null;
        }

        var options = HopByHopFields.Nominated(connection);
        if (options.Count > MaxConnectionOptions)
        {
            return Refusal.BadRequest($"Connection names more than {MaxConnectionOptions} options.");
        }

        if (FramingFields.Any(options.Contains))
        {
            return Refusal.BadRequest("Connection must not name a field that frames or routes the message.");
        }

        return null;
    }

    // RFC 9110 §10.1.1: 100-continue is the only expectation there is.
    private static Refusal? CheckExpect(StringValues expect) =>
        expect.Count == 0 || (expect.Count == 1 && string.Equals(expect[0], "100-continue", StringComparison.OrdinalIgnoreCase))
            ? null
            : new Refusal(417, "bad_request", "The only expectation that can be met is 100-continue.");
}
