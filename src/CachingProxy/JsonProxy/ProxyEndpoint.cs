using CachingProxy.Admin;
using CachingProxy.AspNetCore;
using CachingProxy.AspNetCore.Gate;
using CachingProxy.AspNetCore.Responses;
using CachingProxy.Core;
using CachingProxy.Core.Messages;
using CachingProxy.Http.Targets;
using Microsoft.AspNetCore.Http;

namespace CachingProxy.JsonProxy;

/// <summary>
/// Answers <c>/proxy?url=</c>. Trusted local requests have one face, all others another. The two may reach different targets, and neither
/// is ever served with a response that was fetched for the other.
/// </summary>
internal sealed class ProxyEndpoint(
    CacheEngine engine,
    ProxyTargetParser targets,
    ProxyFaces faces,
    LocalTrust trust,
    ClientLimits limits,
    string via
)
{
    /// <summary>The largest request body, in bytes.</summary>
    public const long MaxRequestBodyBytes = 10_000_000;

    public async Task HandleAsync(Exchange exchange, GuardedRequest guarded)
    {
        if (ReadTarget(guarded.Target, out var target) is { } invalid)
        {
            await invalid.WriteAsync(exchange);
            return;
        }

        if (UpstreamFields.Check(exchange.RequestHeaders[UpstreamFields.Name]) is { } wrong)
        {
            await new ApiError("bad_request", wrong, 400).WriteAsync(exchange);
            return;
        }

        if (exchange.RequestHeaders.ContentLength > MaxRequestBodyBytes)
        {
            exchange.ResponseHeaders.Connection = "close";
            await TooLarge().WriteAsync(exchange);
            return;
        }

        var (face, guard) = trust.IsTrusted(exchange, guarded.Host) ? faces.Local : faces.Public;
        if (!guard.Permits(target.Host, target.Port))
        {
            await ErrorOf(TargetGuard.Forbidden()).WriteAsync(exchange);
            return;
        }

        exchange.LimitContent(MaxRequestBodyBytes);
        var request = new ProxyRequest(exchange, face, target.Key!.Value, via, limits);
        await using var result = await engine.ServeAsync(request, exchange.ClientGone);
        exchange.OnAnswered(request, result);
        if (result.Failure is { } failure)
        {
            // A target that is forbidden by its resolved address must look like one that is forbidden by its form.
            if (failure.Error != OriginError.ForbiddenTarget)
            {
                ResponseWriter.WriteCacheStatus(exchange.ResponseHeaders, result.CacheStatus);
            }

            RetryAfterField.Write(exchange.ResponseHeaders, failure);
            await ErrorOf(failure).WriteAsync(exchange);
            return;
        }

        await EnvelopeWriter.WriteAsync(exchange, result);
    }

    private ApiError? ReadTarget(string requestTarget, out ProxyTarget target)
    {
        target = ProxyTarget.Invalid("");
        string? url = null;
        string? other = null;
        foreach (var (name, value) in QueryParameters.Of(requestTarget))
        {
            if (url is null && name != "url")
            {
                other ??= name;
                continue;
            }

            if (name != "url" || url is not null || other is not null)
            {
                return new ApiError(
                    "invalid_url",
                    $"Besides one url there is the parameter '{name}'. If it belongs to the upstream's query, percent-encode the "
                        + "whole url: & is %26.",
                    400
                );
            }

            url = value;
        }

        if (string.IsNullOrEmpty(url))
        {
            var hint = other is null ? "" : $" There is a parameter '{other}', but none is called url.";
            return new ApiError("missing_url", $"Give the upstream URL as ?url=, absolute or relative to the origin.{hint}", 400);
        }

        target = targets.Parse(url);
        return target.Error is { } error ? new ApiError("invalid_url", error, 400) : null;
    }

    private static ApiError ErrorOf(OriginException failure) =>
        IsTooLarge(failure) ? TooLarge() : new ApiError(ErrorCodes.Of(failure.Error), failure.Message, failure.Status);

    private static bool IsTooLarge(OriginException failure) =>
        failure is { Error: OriginError.ClientContent, InnerException: BadHttpRequestException { StatusCode: 413 } };

    private static ApiError TooLarge() => new("body_too_large", $"The request's content is larger than {MaxRequestBodyBytes} bytes.", 413);
}
