using System.CommandLine;

namespace CachingProxy.Commands;

/// <summary><c>caching-proxy purge</c>: purges URLs, prefixes and tags from the running instance.</summary>
internal static class PurgeCommand
{
    public static Command Create(SettingOptions options)
    {
        var urls = new Argument<string[]>("url")
        {
            Description = "URLs to purge: paths of the origin, or absolute, or as a browser shows them",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var prefixes = new Option<string[]>("--prefix") { Description = "Purge this path and all below it; repeatable", HelpName = "PATH" };
        var tags = new Option<string[]>("--tag") { Description = "Purge the responses with this tag; repeatable", HelpName = "TAG" };
        var soft = new Option<bool>("--soft") { Description = "Responses become stale instead of being gone" };
        var all = new Option<bool>("--all") { Description = "Purge everything" };
        var command = new Command(
            "purge",
            "Purge from the running instance, e.g. caching-proxy purge /products/1, caching-proxy purge --prefix /products"
        )
        {
            urls,
            prefixes,
            tags,
            soft,
            all,
        };
        command.SetAction(parsed =>
            CommandLine.WithSettingsAsync(
                options,
                parsed,
                async settings =>
                {
                    var parameters = InstanceCommand
                        .Parameters("url", parsed.GetValue(urls))
                        .Concat(InstanceCommand.Parameters(parsed, prefixes, tags))
                        .ToList();
                    if (parameters.Count == 0 != parsed.GetValue(all))
                    {
                        await Console.Error.WriteLineAsync("caching-proxy: give what to purge, or --all, and not both.");
                        return CommandLine.Usage;
                    }

                    if (parsed.GetValue(soft))
                    {
                        parameters.Add(new("soft", "true"));
                    }

                    return await ClearCacheCommand.RunAsync(settings, parameters);
                }
            )
        );
        return command;
    }
}
