namespace CachingProxy.AspNetCore.Gate;

/// <summary>The answer to a request that is not handled at all.</summary>
/// <param name="Status">The status code.</param>
/// <param name="Code">The error code, as in the table of the documentation.</param>
/// <param name="Message">What is wrong and what is permitted.</param>
public sealed record Refusal(int Status, string Code, string Message)
{
    /// <summary>
    /// True if the connection ends with the refusal. It must end where others could read the next request on it differently. On by default.
    /// </summary>
    public bool EndsConnection { get; init; } = true;

    internal static Refusal BadRequest(string message) => new(400, "bad_request", message);
}
