using CachingProxy.TestKit;

namespace CachingProxy.Core.Tests.Architecture;

/// <summary>Finds the files of the source, for the tests that read them.</summary>
internal static class SourceFiles
{
    /// <summary>The folder of the source.</summary>
    public static string Root { get; } = Path.Combine(Repository.Root, "src");

    /// <summary>The paths of all files.</summary>
    public static IEnumerable<string> All => Directory.EnumerateFiles(Root, "*.cs", SearchOption.AllDirectories);

    /// <summary>Returns a path and a line, for a message.</summary>
    public static string Place(string file, int line) => $"{Path.GetRelativePath(Root, file)}:{line}";
}
