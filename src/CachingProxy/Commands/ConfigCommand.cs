using System.CommandLine;
using System.Globalization;
using CachingProxy.Configuration;

namespace CachingProxy.Commands;

/// <summary><c>caching-proxy config check</c>: says whether the settings are valid, and where each comes from. Starts nothing.</summary>
internal static class ConfigCommand
{
    public static Command Create(SettingOptions options)
    {
        var check = new Command("check", "Check the options, the environment and the file, e.g. caching-proxy --config FILE config check");
        check.SetAction(parsed =>
            CommandLine.WithSettingsAsync(
                options,
                parsed,
                async settings =>
                {
                    foreach (var setting in SettingTable.All.Where(setting => settings.Sources.ContainsKey(setting.Name)))
                    {
                        var (source, texts) = settings.Sources[setting.Name];
                        await Console.Out.WriteLineAsync(
                            string.Create(CultureInfo.InvariantCulture, $"{setting.Name, -24} {setting.Show(texts)}  ({source})")
                        );
                    }

                    await Console.Out.WriteLineAsync("The configuration is valid.");
                    return CommandLine.Ok;
                }
            )
        );
        return new Command("config", "Look at the configuration") { check };
    }
}
