using System.Collections.Concurrent;
using CachingProxy.Core.Messages;

namespace CachingProxy.TestKit;

/// <summary>An origin without a network, which answers as a test says.</summary>
public sealed class ScriptedOrigin(Func<OriginRequest, Task<OriginResponse>> answer) : IOrigin
{
    public ScriptedOrigin(Func<OriginRequest, OriginResponse> answer)
        : this(request => Task.FromResult(answer(request))) { }

    /// <summary>Whether <see cref="Requests"/> are remembered, which those who ask a million times had better not have.</summary>
    public bool KeepsRequests { get; init; } = true;

    /// <summary>All requests so far, in order.</summary>
    public ConcurrentQueue<OriginRequest> Requests { get; } = new();

    public async ValueTask<OriginResponse> SendAsync(OriginRequest request, CancellationToken cancellation)
    {
        if (KeepsRequests)
        {
            Requests.Enqueue(request);
        }

        return await answer(request).WaitAsync(cancellation);
    }
}
