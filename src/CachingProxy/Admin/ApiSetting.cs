namespace CachingProxy.Admin;

/// <summary>One setting as it is in force.</summary>
/// <param name="Name">Its name, as on the command line without dashes.</param>
/// <param name="Value">Its value as text; a secret is masked.</param>
/// <param name="Source">Where it comes from: default, an option, a variable of the environment, or the file.</param>
internal sealed record ApiSetting(string Name, string Value, string Source);
