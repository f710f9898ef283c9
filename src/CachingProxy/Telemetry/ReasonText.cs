namespace CachingProxy.Telemetry;

/// <summary>The explanation of a reason.</summary>
/// <param name="Meaning">What the reason means.</param>
/// <param name="WayOut">What can be done about it; empty where nothing can or need be done.</param>
internal sealed record ReasonText(string Meaning, string WayOut)
{
    /// <summary>Both, in one line.</summary>
    public string OneLine => WayOut.Length > 0 ? $"{Meaning} What can be done: {WayOut}" : Meaning;
}
