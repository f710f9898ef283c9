using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using CachingProxy.Core.Limits;
using CachingProxy.Core.Messages;

namespace CachingProxy.AspNetCore.Gate;

/// <summary>
/// Counts requests for each client, and refuses those that are too many: never more in any window than a limit permits. The response says
/// how much is left (<c>RateLimit</c> and <c>RateLimit-Policy</c>, draft-ietf-httpapi-ratelimit-headers). Safe for any number of threads.
/// </summary>
/// <param name="options">The limits.</param>
/// <param name="counter">Counts the requests.</param>
public sealed class ClientLimits(ClientLimitOptions options, IRateCounter counter)
{
    private readonly string _policy = string.Join(
        ", ",
        options.Limits.Select(limit => $"{Quoted(limit)};q={limit.Count};w={Seconds(limit.Window)}")
    );

    /// <summary>Tells whether there are limits.</summary>
    public bool AreSet => options.Limits.Count > 0;

    /// <summary>Counts a request. Returns the failure for one too many; null for one that may go on.</summary>
    /// <param name="exchange">The request.</param>
    /// <param name="needsOrigin">Whether the origin must be asked for it.</param>
    public async ValueTask<OriginException?> AdmitAsync(Exchange exchange, bool needsOrigin)
    {
        ArgumentNullException.ThrowIfNull(exchange);
        if (!needsOrigin && !options.CountsHits)
        {
            return null;
        }

        if (await counter.TryTakeAsync(KeyOf(exchange), options.Limits) is not { Limit: { } limit } decision)
        {
            return null;
        }

        exchange.ResponseHeaders["RateLimit-Policy"] = _policy;
        exchange.ResponseHeaders["RateLimit"] = $"{Quoted(limit)};r={decision.Remaining};t={Seconds(decision.Reset)}";
        return decision.IsPermitted
            ? null
            : new OriginException(
                OriginError.RateLimited,
                $"This client may send {Words(limit)}; Retry-After says when it may send the next."
            )
            {
                RetryAfter = decision.RetryAfter,
            };
    }

    // The value of a field may be secret, and is kept as its hash.
    private string KeyOf(Exchange exchange)
    {
        if (options.Field is { } name && exchange.RequestHeaders[name] is { Count: > 0 } value)
        {
            return $"field {Convert.ToHexString(SHA256.HashData(Encoding.Latin1.GetBytes(value.ToString())))}";
        }

        return $"client {ClientNetwork.Of(exchange.ClientAddress)}";
    }

    private static string Quoted(RateLimit limit) => $"\"{limit}\"";

    private static string Words(RateLimit limit) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{limit.Count} {(limit.Count == 1 ? "request" : "requests")} in {limit.Window.TotalSeconds:0.###} s"
        );

    // Whole seconds, rounded up: a client that obeys them does not come too early.
    private static string Seconds(TimeSpan time) => Math.Ceiling(time.TotalSeconds).ToString("0", CultureInfo.InvariantCulture);
}
