using CachingProxy.Core.Parsing;

namespace CachingProxy.Core.Tests.Parsing;

public class EntityTagTests
{
    [Theory]
    [InlineData("\"a\"", "a", false)]
    [InlineData("W/\"a\"", "a", true)]
    [InlineData("\"\"", "", false)]
    public void AWellFormedTag_IsRead(string text, string opaque, bool weak) =>
        Assert.Equal(new EntityTag(opaque, weak), EntityTag.Parse(text));

    [Theory]
    [InlineData("a")]
    [InlineData("\"a")]
    [InlineData("W/\"a")]
    [InlineData("*")]
    [InlineData("w/\"a\"")]
    [InlineData("\"a\"b\"")]
    [InlineData(null)]
    public void F17_AnythingElse_IsNoTag(string? text) => Assert.Null(EntityTag.Parse(text));
}
