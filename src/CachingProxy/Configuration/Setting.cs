namespace CachingProxy.Configuration;

/// <summary>One thing that can be set: on the command line, in the environment, in the configuration file.</summary>
/// <param name="Name">The option's name without dashes; also the key in the configuration file.</param>
/// <param name="ValueName">The placeholder of the value in the help.</param>
/// <param name="Default">The default, for the help.</param>
/// <param name="Description">The meaning of the setting, for the help.</param>
/// <param name="Permitted">The values that are permitted, for the error.</param>
/// <param name="Apply">Returns the settings with the given texts applied; null if the texts are not permitted.</param>
internal sealed record Setting(
    string Name,
    string ValueName,
    string Default,
    string Description,
    string Permitted,
    Func<ProxySettings, IReadOnlyList<string>, ProxySettings?> Apply
)
{
    /// <summary>
    /// The environment variable: <c>CACHING_PROXY_</c> and the name in capitals, unless users already know an older variable.
    /// </summary>
    public string Environment { get; init; } = "CACHING_PROXY_" + Name.ToUpperInvariant().Replace('-', '_');

    /// <summary>
    /// Tells whether the setting may be given more than once. In the environment, <see cref="Separator"/> separates the values.
    /// </summary>
    public bool IsRepeatable { get; init; }

    /// <summary>Tells whether the setting is on when it is named without a value.</summary>
    public bool IsSwitch { get; init; }

    /// <summary>Tells whether an error must not repeat the value.</summary>
    public bool IsSecret { get; init; }

    /// <summary>
    /// Another environment variable for the setting, used if <see cref="Environment"/> is not set; null if there is none.
    /// </summary>
    public string? OtherEnvironment { get; init; }

    /// <summary>
    /// Returns what is wrong with a text that is not permitted, in more detail than <see cref="Permitted"/>; returns null if there is no
    /// more detail.
    /// </summary>
    public Func<string, string?>? Explain { get; init; }

    /// <summary>The character between several values in the environment.</summary>
    public char Separator { get; init; } = ',';

    /// <summary>The environment variables for the setting; the first one that has a value is used.</summary>
    public IEnumerable<string> Variables => OtherEnvironment is null ? [Environment] : [Environment, OtherEnvironment];

    /// <summary>Returns the texts that the value of an environment variable contains.</summary>
    public IReadOnlyList<string> Split(string value) =>
        IsRepeatable ? value.Split(Separator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) : [value];

    /// <summary>Returns texts as they may be shown: joined, or masked if they are secret.</summary>
    public string Show(IReadOnlyList<string> texts) => IsSecret ? "***" : string.Join(Separator, texts);

    /// <summary>Returns a setting that is on or off.</summary>
    public static Setting Switch(string name, bool isOn, string description, Func<ProxySettings, bool, ProxySettings> apply) =>
        new(
            name,
            "BOOL",
            isOn ? "true" : "false",
            description,
            "give true or false",
            (settings, texts) => SettingValues.ParseSwitch(texts[0]) is { } value ? apply(settings, value) : null
        )
        {
            IsSwitch = true,
        };

    /// <summary>Applies texts to the settings. An error names the <paramref name="source"/> of the texts.</summary>
    /// <exception cref="SettingException">The texts are not permitted.</exception>
    public ProxySettings ApplyFrom(ProxySettings settings, IReadOnlyList<string> texts, string source)
    {
        if (texts.Count == 0)
        {
            throw new SettingException($"{source} is empty; {Permitted}, or leave it out.");
        }

        if (texts.Count > 1 && !IsRepeatable)
        {
            throw new SettingException($"{source} is given {texts.Count} times; give it once.");
        }

        return Apply(settings, texts) ?? throw new SettingException(Fault(texts, source));
    }

    private string Fault(IReadOnlyList<string> texts, string source)
    {
        if (texts.Count == 1 && Explain?.Invoke(texts[0]) is { } why)
        {
            return $"{source} {why}";
        }

        return IsSecret
            ? $"The value of {source} is not permitted; {Permitted}."
            : $"{source} is '{string.Join(Separator, texts)}'; {Permitted}.";
    }
}
