using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using CachingProxy.Configuration;

namespace CachingProxy.Commands;

/// <summary>
/// The command line: one option for each row of the setting table, and the options that say whether to serve or to clear the cache of a
/// running instance.
/// </summary>
internal sealed class CommandLine
{
    /// <summary>Done.</summary>
    public const int Ok = 0;

    /// <summary>The command could not be done: the port is in use, no instance runs there.</summary>
    public const int Failed = 1;

    /// <summary>The command line, the environment or the configuration file holds something that is not permitted.</summary>
    public const int Usage = 2;

    private const string Examples = """

        Examples:
          caching-proxy --port 3000 --origin https://dummyjson.com --ttl 15
          caching-proxy --origin https://api.example.com --origin-header 'Authorization: Bearer KEY' --ttl-mode override
          caching-proxy --clear-cache --port 3000
          caching-proxy --clear-cache --port 3000 --prefix /products --soft
          curl 'http://127.0.0.1:3000/proxy?url=products'
          curl -i http://127.0.0.1:3000/products

        Each option can be set in the environment as well (--ttl: CACHE_TTL; --port: CACHING_PROXY_PORT, and so on), or in
        a JSON file that --config or CACHING_PROXY_CONFIG names. The command line wins, then the environment, then the file.
        Exit codes: 0 done, 1 could not be done (a port in use, say), 2 a value that is not permitted.
        """;

    private readonly SettingOptions _settings = new();

    private readonly Option<bool> _clearCache = new("--clear-cache")
    {
        Description = "Clear the cache of the instance that runs on --port, and exit",
    };

    private readonly Option<string[]>[] _purged =
    [
        new("--url")
        {
            Description = "With --clear-cache: purge just this URL, a path of the origin or absolute; repeatable",
            HelpName = "URL",
        },
        new("--prefix") { Description = "With --clear-cache: purge this path and all below it; repeatable", HelpName = "PATH" },
        new("--tag") { Description = "With --clear-cache: purge the responses with this tag; repeatable", HelpName = "TAG" },
    ];

    private readonly Option<bool> _soft = new("--soft")
    {
        Description = "With --clear-cache: make what matches stale instead of removing it",
    };

    private readonly RootCommand _root = new("An HTTP caching proxy: in front of a slow or rate-limited API, or of your own service.");

    public CommandLine()
    {
        _settings.AddTo(_root);

        // Unknown arguments are reported together with all other faults.
        _root.TreatUnmatchedTokensAsErrors = false;
        _root.Options.Add(_clearCache);
        _purged.ToList().ForEach(_root.Options.Add);
        _root.Options.Add(_soft);
        var help = _root.Options.OfType<HelpOption>().Single();
        help.Action = new HelpWithExamples((SynchronousCommandLineAction)help.Action!, Examples);
        _root.SetAction(RunAsync);
        foreach (
            var command in (Command[])
                [
                    PurgeCommand.Create(_settings),
                    StatsCommand.Create(_settings),
                    EntriesCommand.Create(_settings),
                    ExplainCommand.Create(_settings),
                    LogCommand.Create(_settings),
                    ConfigCommand.Create(_settings),
                ]
        )
        {
            _root.Subcommands.Add(command);
        }
    }

    /// <summary>The names of all options, those of the commands included.</summary>
    public IEnumerable<string> Options => OptionsOf(_root);

    /// <summary>Does what the arguments say; returns the exit code.</summary>
    public async Task<int> InvokeAsync(string[] arguments)
    {
        var parsed = _root.Parse(arguments);
        if (parsed.Errors.Count > 0)
        {
            await SayAsync(parsed.Errors.Select(error => $"{error.Message.TrimEnd('.')}. See caching-proxy --help."));
            return Usage;
        }

        if (parsed.CommandResult.Command != _root && parsed.UnmatchedTokens.Count > 0)
        {
            await SayAsync([$"'{parsed.UnmatchedTokens[0]}' means nothing to {parsed.CommandResult.Command.Name}; see its --help."]);
            return Usage;
        }

        return await parsed.InvokeAsync();
    }

    /// <summary>Runs a command with the settings that the arguments, the environment and the file give; returns the exit code.</summary>
    public static async Task<int> WithSettingsAsync(SettingOptions options, ParseResult parsed, Func<ProxySettings, Task<int>> run)
    {
        try
        {
            return await run(options.Read(parsed).Settings);
        }
        catch (SettingException refused)
        {
            await SayAsync(refused.Faults);
            return Usage;
        }
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        var unknown = UnknownArguments.Explain(parsed.UnmatchedTokens, _root.Options.Select(option => option.Name)).ToList();
        var purge = PurgeParameters(parsed);
        if (purge.Count > 0 && !parsed.GetValue(_clearCache))
        {
            unknown.Add($"--{purge[0].Key} is for --clear-cache; give both, or neither.");
        }

        try
        {
            var (settings, notes) = _settings.Read(parsed);
            if (unknown.Count > 0)
            {
                throw new SettingException([]);
            }

            await SayAsync(notes);
            return parsed.GetValue(_clearCache) ? await ClearCacheCommand.RunAsync(settings, purge) : await ServeCommand.RunAsync(settings);
        }
        catch (SettingException refused)
        {
            await SayAsync([.. unknown, .. refused.Faults]);
            return Usage;
        }
    }

    private static IEnumerable<string> OptionsOf(Command command) =>
        command.Options.Select(option => option.Name).Concat(command.Subcommands.SelectMany(OptionsOf));

    private static async Task SayAsync(IEnumerable<string> sentences)
    {
        foreach (var sentence in sentences)
        {
            await Console.Error.WriteLineAsync($"caching-proxy: {sentence}");
        }
    }

    private List<KeyValuePair<string, string>> PurgeParameters(ParseResult parsed)
    {
        var parameters = InstanceCommand.Parameters(parsed, _purged).ToList();
        if (parsed.GetValue(_soft))
        {
            parameters.Add(new("soft", "true"));
        }

        return parameters;
    }

    /// <summary>The help that the library writes, followed by the examples.</summary>
    private sealed class HelpWithExamples(SynchronousCommandLineAction inner, string examples) : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parseResult)
        {
            var exitCode = inner.Invoke(parseResult);
            parseResult.InvocationConfiguration.Output.WriteLine(examples);
            return exitCode;
        }
    }
}
