namespace CachingProxy.AspNetCore.Gate;

/// <summary>Why a request is not handled at all: what the client is told.</summary>
/// <param name="Status">The status code.</param>
/// <param name="Code">The error code, as in the table of the documentation.</param>
/// <param name="Message">What is wrong and what is permitted.</param>
public sealed record Refusal(int Status, string Code, string Message)
{
    /// <summary>
    /// Tells whether the connection ends with the refusal, as it does where the next request on it could be read differently by others. On
    /// by default.
    /// </summary>
    public bool EndsConnection { get; init; } = true;

    internal static Refusal BadRequest(string message) => new(400, "bad_request", message);
}
