namespace CachingProxy.Core.Telemetry;

/// <summary>Names what fills do, for metric labels and spans.</summary>
public static class FillTokens
{
    private static readonly string[] Kinds = [.. Enum.GetNames<FillKind>().Select(name => name.ToLowerInvariant())];
    private static readonly string[] Results = ["stored", "validated", "found", "not-stored", "failed"];

    /// <summary>Returns what a fill asks for, in lower case.</summary>
    public static string ToToken(this FillKind kind) => Kinds[(int)kind];

    /// <summary>Returns how a fill ended, in lower case.</summary>
    public static string ToToken(this FillResult result) => Results[(int)result];
}
