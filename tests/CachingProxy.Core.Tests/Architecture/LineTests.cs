namespace CachingProxy.Core.Tests.Architecture;

/// <summary>The source can be read without scrolling.</summary>
public class LineTests
{
    private const int MaxLength = 140;

    [Fact]
    public void NoFileOfTheSource_IsLongerThan300Lines() =>
        Assert.DoesNotContain(SourceFiles.All, file => File.ReadLines(file).Count() > 300);

    [Fact]
    public void NoLineOfTheSource_IsLongerThan140() =>
        Assert.Empty(
            SourceFiles.All.SelectMany(file =>
                File.ReadAllLines(file)
                    .Index()
                    .Where(line => line.Item.Length > MaxLength)
                    .Select(line => SourceFiles.Place(file, line.Index + 1))
            )
        );
}
