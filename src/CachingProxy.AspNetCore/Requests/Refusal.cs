namespace CachingProxy.AspNetCore.Requests;

/// <summary>Why a request is not handled at all: what the client is told, and that its connection ends.</summary>
/// <param name="Status">The status code.</param>
/// <param name="Code">The error code, as in the table of the documentation.</param>
/// <param name="Message">What is wrong and what is permitted.</param>
public sealed record Refusal(int Status, string Code, string Message)
{
    internal static Refusal BadRequest(string message) => new(400, "bad_request", message);
}
