using System.Collections.Frozen;

namespace CachingProxy.Core.Decisions;

/// <summary>The statuses that this cache understands (RFC 9111 §5.2.2.3): the final statuses of RFC 9110 §15.</summary>
internal static class UnderstoodStatuses
{
    private static readonly FrozenSet<int> All = new[]
    {
        200,
        201,
        202,
        203,
        204,
        205,
        206,
        300,
        301,
        302,
        303,
        304,
        305,
        307,
        308,
        400,
        401,
        402,
        403,
        404,
        405,
        406,
        407,
        408,
        409,
        410,
        411,
        412,
        413,
        414,
        415,
        416,
        417,
        421,
        422,
        426,
        500,
        501,
        502,
        503,
        504,
        505,
    }.ToFrozenSet();

    public static bool Contains(int status) => All.Contains(status);
}
