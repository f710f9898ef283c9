namespace CachingProxy.Core.Telemetry;

/// <summary>The methods that may be labels: a client can invent any number of others.</summary>
internal static class KnownMethods
{
    private const string Other = "_OTHER";

    private static readonly HashSet<string> Names = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PURGE", "QUERY"];

    /// <summary>Returns a method as it is, or OpenTelemetry's name for all others.</summary>
    public static string Of(string method) => Names.Contains(method) ? method : Other;
}
