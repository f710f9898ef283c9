namespace CachingProxy.Admin;

/// <summary>All settings as they are in force.</summary>
/// <param name="Success">Always true.</param>
/// <param name="Settings">The settings, in the order of the help.</param>
internal sealed record ApiConfig(bool Success, IReadOnlyList<ApiSetting> Settings);
