using CachingProxy.AspNetCore;

namespace CachingProxy.Admin;

/// <summary>The shape of all errors of our own endpoints.</summary>
/// <param name="Code">The error code, as in the table of the documentation.</param>
/// <param name="Message">What is wrong, and what is valid.</param>
/// <param name="Status">The status code.</param>
internal sealed record ApiError(string Code, string Message, int Status)
{
    /// <summary>Writes the error as the whole answer.</summary>
    public Task WriteAsync(Exchange exchange)
    {
        exchange.ErrorCode = Code;
        exchange.ResponseHeaders.XContentTypeOptions = "nosniff";
        return ApiAnswer.WriteAsync(exchange, Status, new ApiFailure(false, this), ApiJson.Readable.ApiFailure);
    }
}
