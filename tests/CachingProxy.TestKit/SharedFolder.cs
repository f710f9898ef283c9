namespace CachingProxy.TestKit;

/// <summary>The folder of public vectors and traces that may lie beside the repository; tests that use it are skipped where it does not.</summary>
public static class SharedFolder
{
    /// <summary>The path of a file or folder in it; null where it is not there.</summary>
    public static string? Find(string path)
    {
        var found = Path.Combine(Path.GetDirectoryName(Repository.Root)!, "shared", path);
        return Path.Exists(found) ? found : null;
    }
}
