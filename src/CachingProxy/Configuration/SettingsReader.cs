namespace CachingProxy.Configuration;

/// <summary>Puts the settings together: the command line wins over the environment, that over the file, that over the defaults.</summary>
internal static class SettingsReader
{
    /// <summary>
    /// Reads all sources. Returns the settings, and notes on environment variables that are ignored, perhaps against the user's intention.
    /// </summary>
    /// <param name="commandLine">The values given for a setting's name on the command line; empty where it is absent.</param>
    /// <param name="environment">The variables of the environment.</param>
    /// <param name="file">The path of the configuration file, or null.</param>
    /// <exception cref="SettingException">Some values are not permitted. The exception names all of them, from all sources.</exception>
    public static (ProxySettings Settings, IReadOnlyList<string> Notes) Read(
        Func<string, IReadOnlyList<string>> commandLine,
        IReadOnlyDictionary<string, string> environment,
        string? file
    )
    {
        var settings = new ProxySettings();
        var faults = new List<string>();
        var sources = new Dictionary<string, SettingSource>();
        var fromFile = file is null ? [] : ConfigurationFile.Read(file, faults);
        foreach (var setting in SettingTable.All)
        {
            try
            {
                if (commandLine(setting.Name) is { Count: > 0 } given)
                {
                    settings = Apply(setting, given, $"--{setting.Name}");
                }
                else if (VariableOf(setting, environment) is { } variable)
                {
                    settings = Apply(setting, setting.Split(environment[variable]), variable);
                }
                else if (fromFile.TryGetValue(setting.Name, out var written))
                {
                    settings = Apply(setting, written, $"\"{setting.Name}\" in {file}");
                }
            }
            catch (SettingException refused)
            {
                faults.AddRange(refused.Faults);
            }
        }

        settings = settings with { Sources = sources };
        return faults.Count == 0 ? (settings, [.. EnvironmentNames.Notes(environment)]) : throw new SettingException(faults);

        ProxySettings Apply(Setting setting, IReadOnlyList<string> texts, string source)
        {
            sources[setting.Name] = new SettingSource(source, texts);
            return setting.ApplyFrom(settings, texts, source);
        }
    }

    // An empty variable is as good as none: shells and compose files cannot always leave one out.
    private static string? VariableOf(Setting setting, IReadOnlyDictionary<string, string> environment) =>
        setting.Variables.FirstOrDefault(name =>
            environment.GetValueOrDefault(name) is { Length: > 0 } text && !EnvironmentNames.IsOfKubernetes(name, text)
        );
}
