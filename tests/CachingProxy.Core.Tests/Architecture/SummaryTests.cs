using System.Text.RegularExpressions;

namespace CachingProxy.Core.Tests.Architecture;

/// <summary>A summary opens with a verb or a thing: a reader who has not seen the code knows what it is about.</summary>
public partial class SummaryTests
{
    [Fact]
    public void NoSummaryOfTheSource_OpensWithARelativeClauseOrAPronoun()
    {
        List<string> riddles = [];
        foreach (var file in SourceFiles.All)
        {
            var text = File.ReadAllText(file);
            riddles.AddRange(
                Riddle()
                    .Matches(text)
                    .Select(match => $"{SourceFiles.Place(file, text.AsSpan(0, match.Index).Count('\n') + 1)} {match.Value.Trim()}")
            );
        }

        Assert.Empty(riddles);
    }

    [Theory]
    [InlineData("/// <summary>What is left.</summary>", true)]
    [InlineData("/// <summary>\n    /// Whether it is done.\n    /// </summary>", true)]
    [InlineData("/// <summary>The same, backwards.</summary>", true)]
    [InlineData("/// <summary>Returns what is left.</summary>", false)]
    [InlineData("/// <summary>Items of the list.</summary>", false)]
    public void ARiddle_IsFound(string comment, bool isRiddle) => Assert.Equal(isRiddle, Riddle().IsMatch(comment));

    [GeneratedRegex(@"<summary>\s*(///)?\s*(What|Whether|Whoever|The same|It|They|Those)\b", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Riddle();
}
