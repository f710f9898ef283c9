namespace CachingProxy.AspNetCore.Gate;

/// <summary>
/// Looks at every request before anything else does: it must have one meaning (<see cref="RequestGuard"/>), be for this server
/// (<see cref="AllowedHosts"/>), and not have been here before (<see cref="ViaField"/>). Safe for any number of threads.
/// </summary>
/// <param name="hosts">The names by which the server may be asked.</param>
/// <param name="pseudonym">The name of this instance in <c>Via</c>.</param>
public sealed class RequestGate(AllowedHosts hosts, string pseudonym)
{
    /// <summary>Looks at a request. Returns the refusal, or null and the canonical request.</summary>
    public Refusal? Check(Exchange exchange, out GuardedRequest guarded)
    {
        ArgumentNullException.ThrowIfNull(exchange);
        if (RequestGuard.Check(exchange, out guarded) is { } refusal)
        {
            return refusal;
        }

        if (guarded.HasHost && !hosts.Contains(guarded.Host))
        {
            return new Refusal(421, "misdirected", $"This server does not answer for the host '{guarded.Host}'; see --allowed-host.");
        }

        return ViaField.Names(exchange.RequestHeaders.Via, pseudonym)
            ? new Refusal(508, "loop", "This request has passed through this proxy before: its origin leads back to it.")
            {
                EndsConnection = false,
            }
            : null;
    }
}
