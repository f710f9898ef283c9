using CachingProxy.TestKit;

namespace CachingProxy.Core.Tests.Architecture;

/// <summary>The source can be read without scrolling.</summary>
public class LineTests
{
    private const int MaxLength = 140;

    [Fact]
    public void NoFileOfTheSource_IsLongerThan300Lines() =>
        Assert.DoesNotContain(
            Directory.EnumerateFiles(Path.Combine(Repository.Root, "src"), "*.cs", SearchOption.AllDirectories),
            file => File.ReadLines(file).Count() > 300
        );

    [Fact]
    public void NoLineOfTheSource_IsLongerThan140()
    {
        var source = Path.Combine(Repository.Root, "src");
        var tooLong = Directory
            .EnumerateFiles(source, "*.cs", SearchOption.AllDirectories)
            .SelectMany(file =>
                File.ReadAllLines(file).Select((line, number) => (Place: $"{Path.GetRelativePath(source, file)}:{number + 1}", Line: line))
            )
            .Where(line => line.Line.Length > MaxLength);
        Assert.Empty(tooLong.Select(line => line.Place));
    }
}
