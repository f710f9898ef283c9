using CachingProxy.Configuration;

namespace CachingProxy.Commands;

/// <summary>Explains arguments that no option takes, and suggests what they were meant to be.</summary>
internal static class UnknownArguments
{
    /// <summary>Returns one sentence for each unknown option, and for each value that belongs to no option.</summary>
    /// <param name="arguments">The arguments, in the order of the command line.</param>
    /// <param name="options">The names of all options, with their dashes.</param>
    public static IEnumerable<string> Explain(IReadOnlyList<string> arguments, IEnumerable<string> options)
    {
        var isAfterOption = false;
        foreach (var argument in arguments)
        {
            if (argument.StartsWith('-'))
            {
                var name = argument.Split('=')[0];
                isAfterOption = name == argument;
                yield return $"{name} is no option; "
                    + (Spelling.Nearest(name, options) is { } nearest ? $"did you mean {nearest}?" : "see caching-proxy --help.");
            }
            else if (isAfterOption)
            {
                // The value of that option.
                isAfterOption = false;
            }
            else
            {
                // The argument may be a part of a secret that was not put in quotes, and is not repeated.
                yield return OriginUrl.Parse(argument) is null
                    ? $"An argument of {argument.Length} characters belongs to no option; put values with blanks in quotes, and see "
                        + "caching-proxy --help."
                    : $"'{argument}' belongs to no option; did you mean --origin {argument}?";
            }
        }
    }
}
