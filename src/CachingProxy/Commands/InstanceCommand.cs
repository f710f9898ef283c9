using System.CommandLine;

namespace CachingProxy.Commands;

/// <summary>The common part of the commands that ask the running instance.</summary>
internal static class InstanceCommand
{
    /// <summary>Sets the action of a command that asks the instance; the action returns the exit code.</summary>
    public static void SetAction(
        Command command,
        SettingOptions options,
        Func<AdminApi, ParseResult, CancellationToken, Task<int>> runAsync
    ) =>
        command.SetAction(
            (parsed, cancellation) =>
                CommandLine.WithSettingsAsync(
                    options,
                    parsed,
                    async settings =>
                    {
                        using var api = new AdminApi(settings);
                        return await runAsync(api, parsed, cancellation);
                    }
                )
        );

    /// <summary>Returns a query parameter for each option that is given, by the name of the option.</summary>
    public static IEnumerable<KeyValuePair<string, string>> Parameters(ParseResult parsed, params Option<string?>[] options) =>
        options.SelectMany(option => Parameters(NameOf(option), parsed.GetValue(option)));

    /// <summary>Returns a query parameter for each value of the options, by the name of the option.</summary>
    public static IEnumerable<KeyValuePair<string, string>> Parameters(ParseResult parsed, params Option<string[]>[] options) =>
        options.SelectMany(option => Parameters(NameOf(option), parsed.GetValue(option)));

    /// <summary>Returns a query parameter for each value; none for a value that is not given.</summary>
    public static IEnumerable<KeyValuePair<string, string>> Parameters(string name, params string?[]? values) =>
        (values ?? []).OfType<string>().Select(value => KeyValuePair.Create(name, value));

    private static string NameOf(Option option) => option.Name.TrimStart('-');
}
