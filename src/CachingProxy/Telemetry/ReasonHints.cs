using CachingProxy.Core.Telemetry;

namespace CachingProxy.Telemetry;

/// <summary>
/// Explains a reason in one line, from docs/reasons.md, which is embedded in the program: the same text everywhere. Each reason is
/// explained once in <see cref="Interval"/>, so that a busy log is not half explanations. For one thread at a time.
/// </summary>
internal sealed class ReasonHints(TimeProvider time)
{
    /// <summary>How long a reason that was explained is not explained again.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private readonly Dictionary<ReasonText, Occasionally> _told = [];

    /// <summary>Returns the explanation of the reason of a request; null where there is none, or it was given a moment ago.</summary>
    public string? Next(in RequestEvent request)
    {
        if (ReasonTexts.Of(request.Reason, isNotStored: request is { Outcome: RequestOutcome.Miss, IsStored: false }) is not { } text)
        {
            return null;
        }

        if (!_told.TryGetValue(text, out var told))
        {
            _told[text] = told = new Occasionally(Interval, time);
        }

        return told.IsTime() ? $"{request.Reason}: {text.OneLine}" : null;
    }
}
