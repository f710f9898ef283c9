using CachingProxy.Core.Messages;

namespace CachingProxy.Core.Decisions;

/// <summary>Decides whether a response that is not stored concerns only its own request, or all requests for its URL.</summary>
internal static class NotStoredScope
{
    /// <summary>
    /// Tells whether a status concerns only one request or one moment, and so says nothing about the responses to other requests.
    /// </summary>
    public static bool IsAboutRequest(int status) =>
        status
            is 400
                or 401
                or 402
                or 403
                or 406
                or 407
                or 408
                or 411
                or 412
                or 413
                or 415
                or 416
                or 417
                or 421
                or 422
                or 423
                or 425
                or 426
                or 428
                or 429
                or 431
                or >= 500;

    /// <summary>
    /// Tells whether a response that is not stored implies that the responses to other requests will not be stored either.
    /// </summary>
    public static bool IsForAll(NotStoredReason reason, int status) =>
        reason
            is not (
                NotStoredReason.Authorization
                or NotStoredReason.RequestNoStore
                or NotStoredReason.RequestCookie
                or NotStoredReason.RequestCredentials
                or NotStoredReason.Method
                or NotStoredReason.ServerError
            )
        && !(reason == NotStoredReason.Status && status >= 500);
}
