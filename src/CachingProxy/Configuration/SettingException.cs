namespace CachingProxy.Configuration;

/// <summary>
/// The error of settings with values that are not permitted. Each fault names the option, the value unless it is secret, and what is
/// permitted.
/// </summary>
/// <param name="faults">One sentence for each fault.</param>
public sealed class SettingException(IReadOnlyList<string> faults) : Exception(string.Join('\n', faults))
{
    /// <summary>Reports a single fault.</summary>
    public SettingException(string fault)
        : this([fault]) { }

    /// <summary>One sentence for each fault.</summary>
    public IReadOnlyList<string> Faults => faults;
}
