namespace CachingProxy.Core.Parsing;

/// <summary>Server-sent events: content that has no end, and may pause for any time without a fault.</summary>
public static class ServerSentEvents
{
    /// <summary>Tells whether the fields of a response announce an event stream.</summary>
    public static bool AreIn(FieldList fields)
    {
        ArgumentNullException.ThrowIfNull(fields);
        return fields["Content-Type"].ToString().StartsWith("text/event-stream", StringComparison.OrdinalIgnoreCase);
    }
}
