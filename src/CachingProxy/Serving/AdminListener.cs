namespace CachingProxy.Serving;

/// <summary>Marks connections that came in on the listener for our own paths.</summary>
internal sealed class AdminListener
{
    private AdminListener() { }

    /// <summary>The mark, a feature of the connection.</summary>
    public static AdminListener Mark { get; } = new();
}
