using System.Text.RegularExpressions;
using CachingProxy.TestKit;

namespace CachingProxy.Core.Tests.Architecture;

/// <summary>A summary opens with a verb or a thing: a reader who has not seen the code knows what it is about.</summary>
public partial class SummaryTests
{
    [Fact]
    public void NoSummaryOfTheSource_OpensWithARelativeClauseOrAPronoun()
    {
        var source = Path.Combine(Repository.Root, "src");
        var riddles = Directory
            .EnumerateFiles(source, "*.cs", SearchOption.AllDirectories)
            .SelectMany(file =>
                Riddle()
                    .Matches(File.ReadAllText(file))
                    .Select(match => $"{Path.GetRelativePath(source, file)}:{LineOf(file, match.Index)} {match.Value.Trim()}")
            );
        Assert.Empty(riddles);
    }

    [Theory]
    [InlineData("/// <summary>What is left.</summary>", true)]
    [InlineData("/// <summary>\n    /// Whether it is done.\n    /// </summary>", true)]
    [InlineData("/// <summary>The same, backwards.</summary>", true)]
    [InlineData("/// <summary>Returns what is left.</summary>", false)]
    [InlineData("/// <summary>Items of the list.</summary>", false)]
    public void ARiddle_IsFound(string comment, bool isRiddle) => Assert.Equal(isRiddle, Riddle().IsMatch(comment));

    private static int LineOf(string file, int index) => File.ReadAllText(file).AsSpan(0, index).Count('\n') + 1;

    [GeneratedRegex(@"<summary>\s*(///)?\s*(What|Whether|Whoever|The same|It|They|Those)\b", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Riddle();
}
