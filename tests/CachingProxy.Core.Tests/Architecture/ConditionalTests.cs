using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace CachingProxy.Core.Tests.Architecture;

/// <summary>A conditional expression has two arms; three and more are a switch, or an if.</summary>
public class ConditionalTests
{
    [Fact]
    public void NoConditionalExpression_HasAnotherAsAnArm()
    {
        var nested = SourceFiles.All.SelectMany(file =>
            CSharpSyntaxTree
                .ParseText(File.ReadAllText(file))
                .GetRoot()
                .DescendantNodes()
                .OfType<ConditionalExpressionSyntax>()
                .Where(outer => outer.WhenTrue is ConditionalExpressionSyntax || outer.WhenFalse is ConditionalExpressionSyntax)
                .Select(outer => SourceFiles.Place(file, outer.GetLocation().GetLineSpan().StartLinePosition.Line + 1))
        );
        Assert.Equal("", string.Join("\n", nested));
    }
}
