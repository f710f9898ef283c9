namespace CachingProxy.Configuration;

/// <summary>A setting has a value that it cannot have. The message names the option, the value and what is permitted.</summary>
public sealed class SettingException(string message) : Exception(message);
