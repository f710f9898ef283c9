using System.Collections;
using System.CommandLine;
using CachingProxy.Configuration;

namespace CachingProxy.Commands;

/// <summary>The options of the command line that stand for settings, one for each row of the setting table.</summary>
internal sealed class SettingOptions
{
    // The settings that tell a command where the instance is, and who asks.
    private static readonly string[] OfEveryCommand = ["port", "host", "admin-port", "admin-host", "admin-token", "allowed-host"];

    private readonly Dictionary<string, Option<string[]>> _options = [];

    private readonly Option<string?> _config = new("--config")
    {
        Description = "A JSON file with settings: { \"port\": 3000, \"origin\": \"https://...\" }",
        HelpName = "FILE",
        Recursive = true,
    };

    /// <summary>Adds the options to the root command.</summary>
    public void AddTo(RootCommand root)
    {
        foreach (var setting in SettingTable.All)
        {
            var option = new Option<string[]>("--" + setting.Name)
            {
                Description = $"{setting.Description} [{setting.Environment}, default {setting.Default}]",
                HelpName = setting.ValueName,
                Arity = setting.IsSwitch ? ArgumentArity.ZeroOrMore : ArgumentArity.OneOrMore,
                AllowMultipleArgumentsPerToken = false,
                Recursive = OfEveryCommand.Contains(setting.Name),
            };
            _options.Add(setting.Name, option);
            root.Options.Add(option);
        }

        root.Options.Add(_config);
    }

    /// <summary>Puts the settings together. Returns them, and notes on variables that are ignored.</summary>
    /// <exception cref="SettingException">Some values are not permitted.</exception>
    public (ProxySettings Settings, IReadOnlyList<string> Notes) Read(ParseResult parsed)
    {
        var environment = Environment
            .GetEnvironmentVariables()
            .Cast<DictionaryEntry>()
            .ToDictionary(variable => (string)variable.Key, variable => (string?)variable.Value ?? "");
        var file = parsed.GetValue(_config) ?? environment.GetValueOrDefault("CACHING_PROXY_CONFIG");
        return SettingsReader.Read(name => Given(parsed, name), environment, string.IsNullOrEmpty(file) ? null : file);
    }

    private IReadOnlyList<string> Given(ParseResult parsed, string name)
    {
        if (parsed.GetResult(_options[name]) is not { } result)
        {
            return [];
        }

        if (result.Tokens.Count == 0)
        {
            return ["true"];
        }

        return [.. result.Tokens.Select(token => token.Value)];
    }
}
