namespace CachingProxy.Configuration;

/// <summary>Settings have values that they cannot have. Each fault names the option, the value and what is permitted.</summary>
/// <param name="faults">One sentence for each fault.</param>
public sealed class SettingException(IReadOnlyList<string> faults) : Exception(string.Join('\n', faults))
{
    /// <summary>Tells of a single fault.</summary>
    public SettingException(string fault)
        : this([fault]) { }

    /// <summary>One sentence for each fault.</summary>
    public IReadOnlyList<string> Faults => faults;
}
