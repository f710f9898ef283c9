namespace CachingProxy.Configuration;

/// <summary>What is behind the memory: a closed set.</summary>
public abstract record StoreSetting
{
    private StoreSetting()
    {
    }

    /// <summary>Reads <c>sqlite:PATH</c>; null for anything else.</summary>
    public static StoreSetting? Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        const string sqlite = "sqlite:";
        return text.StartsWith(sqlite, StringComparison.Ordinal) && text[sqlite.Length..] is { Length: > 0 } path
            && Path.GetFullPath(path) is var full && Directory.Exists(Path.GetDirectoryName(full)) && !Directory.Exists(full) ? new Sqlite(full) : null;
    }

    /// <summary>A file.</summary>
    /// <param name="Path">Where it is.</param>
    public sealed record Sqlite(string Path) : StoreSetting;
}
