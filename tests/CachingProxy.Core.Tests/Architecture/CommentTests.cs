using System.Text.RegularExpressions;
using CachingProxy.TestKit;

namespace CachingProxy.Core.Tests.Architecture;

/// <summary>Comments of the source can be read without scrolling.</summary>
public class CommentTests
{
    private const int MaxLength = 140;

    [Fact]
    public void NoCommentOfTheSource_IsLongerThanALine()
    {
        var source = Path.Combine(Repository.Root, "src");
        var tooLong = Directory
            .EnumerateFiles(source, "*.cs", SearchOption.AllDirectories)
            .SelectMany(file =>
                File.ReadAllLines(file).Select((line, number) => (Place: $"{Path.GetRelativePath(source, file)}:{number + 1}", Line: line))
            )
            .Where(line => line.Line.Length > MaxLength && Regex.IsMatch(line.Line, @"^\s*//"));
        Assert.Empty(tooLong.Select(line => line.Place));
    }
}
