namespace CachingProxy.Configuration;

/// <summary>Where a setting was given, and how.</summary>
/// <param name="Source">The option, the variable of the environment, or the key in the file.</param>
/// <param name="Texts">The values as they were given; they may be secret.</param>
public sealed record SettingSource(string Source, IReadOnlyList<string> Texts);
