namespace CachingProxy.Configuration;

/// <summary>The forms of the log of messages.</summary>
public enum LogFormat
{
    /// <summary>One line for people.</summary>
    Text,

    /// <summary>One JSON object a line.</summary>
    Json,
}
