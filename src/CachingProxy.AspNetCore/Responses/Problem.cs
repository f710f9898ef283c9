namespace CachingProxy.AspNetCore.Responses;

/// <summary>An error that we make on a forwarded path (RFC 9457).</summary>
/// <param name="Type">The kind of problem: a link to the page <c>/docs/reasons</c>, to the heading for the error code.</param>
/// <param name="Title">The status in words.</param>
/// <param name="Status">The status code.</param>
/// <param name="Code">The error code, as in the table of the documentation.</param>
/// <param name="Detail">What is wrong here.</param>
internal sealed record Problem(string Type, string Title, int Status, string Code, string Detail);
