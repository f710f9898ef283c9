using System.Xml.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace CachingProxy.Core.Tests.Architecture;

/// <summary>The tree of the source holds: a room imports only rooms below it, and a project only those that it may.</summary>
public class RoomTests
{
    private static readonly string Source = SourceFiles.Root;

    // From the ground up: nouns below, steps above. The root knows the order of the steps. The memory tier is one store among others, so that nothing but
    // whoever puts the engine together knows it.
    private static readonly string[] Rooms =
    [
        "StructuredFields",
        "Parsing",
        "Keys",
        "Messages",
        "Entries",
        "Limits",
        "Stores",
        "Telemetry",
        "Decisions",
        "Purging",
        "Origins",
        "Lookup",
        "Storing",
        "Fetching",
        "Responding",
        "Inspection",
        "",
        "Stores/Memory",
    ];

    private static readonly Dictionary<string, string[]> PermittedReferences = new()
    {
        ["CachingProxy.Core"] = [],
        ["CachingProxy.Http"] = ["CachingProxy.Core"],
        ["CachingProxy.AspNetCore"] = ["CachingProxy.Http"],
        ["CachingProxy.Sqlite"] = ["CachingProxy.Core"],
        ["CachingProxy.Redis"] = ["CachingProxy.Core"],
        ["CachingProxy"] = ["CachingProxy.AspNetCore", "CachingProxy.Redis", "CachingProxy.Sqlite"],
    };

    [Fact]
    public void ARoomOfTheCore_ImportsOnlyRoomsBelowIt()
    {
        var root = Path.Combine(Source, "CachingProxy.Core");
        var trees = Directory
            .EnumerateFiles(root, "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains("/obj/", StringComparison.Ordinal))
            .Select(file => CSharpSyntaxTree.ParseText(File.ReadAllText(file), path: file))
            .ToList();
        var upward = new SortedSet<string>(StringComparer.Ordinal);
        var compilation = Compile(trees);
        foreach (var tree in trees)
        {
            var model = compilation.GetSemanticModel(tree);
            var importer = RoomOf(tree.FilePath);
            // Comments are no part of it.
            foreach (var name in tree.GetRoot().DescendantNodes().OfType<SimpleNameSyntax>())
            {
                if (
                    FileOf(model.GetSymbolInfo(name)) is { } file
                    && RoomOf(file) is var imported
                    && imported != importer
                    && Floor(imported) >= Floor(importer)
                )
                {
                    upward.Add($"{Path.GetRelativePath(root, tree.FilePath)} imports {Path.GetRelativePath(root, file)}");
                }
            }
        }

        Assert.True(upward.Count == 0, $"Rooms import upward:\n{string.Join('\n', upward)}");

        string RoomOf(string file) => Path.GetDirectoryName(Path.GetRelativePath(root, file))!;
    }

    [Fact]
    public void HttpContext_IsKnownToTheExchangeAlone() =>
        Assert.Equal(
            ["Exchange.cs"],
            SourceFiles.All.Where(file => File.ReadAllText(file).Contains("HttpContext", StringComparison.Ordinal)).Select(Path.GetFileName)
        );

    [Fact]
    public void AProject_RefersOnlyToThoseThatItMay()
    {
        foreach (var file in Directory.EnumerateFiles(Source, "*.csproj", SearchOption.AllDirectories))
        {
            var references = XDocument
                .Load(file)
                .Descendants("ProjectReference")
                .Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value));
            Assert.Empty(references.Except(PermittedReferences[Path.GetFileNameWithoutExtension(file)]));
        }
    }

    private static int Floor(string room) =>
        Array.IndexOf(Rooms, room) is var floor and >= 0
            ? floor
            : throw new InvalidOperationException($"The room '{room}' has no floor yet.");

    private static CSharpCompilation Compile(IEnumerable<SyntaxTree> trees)
    {
        const string implicitUsings =
            "global using System; global using System.Collections.Generic; global using System.IO; global using System.Linq; global using System.Net.Http; global using System.Threading; global using System.Threading.Tasks;";
        var references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
            .Split(Path.PathSeparator)
            .Where(file => !Path.GetFileName(file).StartsWith("CachingProxy", StringComparison.Ordinal))
            .Select(file => MetadataReference.CreateFromFile(file));
        return CSharpCompilation.Create(
            "Core",
            trees.Append(CSharpSyntaxTree.ParseText(implicitUsings)),
            references,
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary)
        );
    }

    // The file of the type that a name leads to, or to a member of which.
    private static string? FileOf(SymbolInfo info)
    {
        var symbol = info.Symbol ?? info.CandidateSymbols.FirstOrDefault();
        var type = symbol as INamedTypeSymbol ?? symbol?.ContainingType;
        return
            type?.OriginalDefinition.Locations.FirstOrDefault(location => location.IsInSource)?.SourceTree?.FilePath is { Length: > 0 } file
            ? file
            : null;
    }
}
