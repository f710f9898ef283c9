namespace CachingProxy.Core.Fetching;

/// <summary>
/// Hands the interim responses of one fetch on to all who wait for its response: those who come later have what came
/// before. Safe for any number of threads; a receiver is called by one at a time.
/// </summary>
internal sealed class InterimRelay
{
    /// <summary>The most that are handed on; the origin may send more to no avail.</summary>
    public const int MaxResponses = 32;

    private readonly Lock _lock = new();
    private readonly List<InterimResponse> _received = [];
    private readonly List<Action<InterimResponse>> _receivers = [];

    /// <summary>Somebody waits from now on.</summary>
    public void Add(Action<InterimResponse>? receiver)
    {
        if (receiver is null)
        {
            return;
        }

        lock (_lock)
        {
            _receivers.Add(receiver);
            _received.ForEach(receiver);
        }
    }

    /// <summary>The origin has sent one.</summary>
    public void Relay(InterimResponse response)
    {
        lock (_lock)
        {
            if (_received.Count < MaxResponses)
            {
                _received.Add(response);
                _receivers.ForEach(receiver => receiver(response));
            }
        }
    }
}
