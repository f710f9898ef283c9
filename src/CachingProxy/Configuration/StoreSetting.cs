using System.Globalization;
using CachingProxy.Core.Keys;

namespace CachingProxy.Configuration;

/// <summary>What is behind the memory: a closed set.</summary>
public abstract record StoreSetting
{
    private StoreSetting()
    {
    }

    /// <summary>Reads <c>sqlite:PATH</c>, <c>redis://[:PASSWORD@]HOST[:PORT][/DB]</c>, or the same with <c>rediss</c> for TLS; null for anything else.</summary>
    public static StoreSetting? Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        const string sqlite = "sqlite:";
        return text.StartsWith(sqlite, StringComparison.Ordinal) ? ParsePath(text[sqlite.Length..]) : ParseServer(text);
    }

    private static Sqlite? ParsePath(string path) =>
        path.Length > 0 && Path.GetFullPath(path) is var full && Directory.Exists(Path.GetDirectoryName(full)) && !Directory.Exists(full) ? new Sqlite(full) : null;

    private static Redis? ParseServer(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("redis" or "rediss") || uri.Query.Length + uri.Fragment.Length > 0
            || UriNormalization.NormaliseHost("http", uri.Host) is null)
        {
            return null;
        }

        // There are users in Redis 6; the client library knows the default one alone.
        var user = uri.UserInfo;
        var database = uri.AbsolutePath.Trim('/');
        return (user.Length == 0 || user.StartsWith(':')) && (database.Length == 0 || (int.TryParse(database, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is >= 0 and <= 1023))
            ? new Redis(
                uri.Host.Trim('[', ']'), uri.Port > 0 ? uri.Port : 6379, user.Length > 1 ? Uri.UnescapeDataString(user[1..]) : null,
                database.Length == 0 ? 0 : int.Parse(database, CultureInfo.InvariantCulture), uri.Scheme == "rediss")
            : null;
    }

    /// <summary>A file.</summary>
    /// <param name="Path">Where it is.</param>
    public sealed record Sqlite(string Path) : StoreSetting;

    /// <summary>A server that several nodes share.</summary>
    /// <param name="Host">Its name or address.</param>
    /// <param name="Port">Its port.</param>
    /// <param name="Password">Its password, if it has one; secret.</param>
    /// <param name="Database">The number of the database.</param>
    /// <param name="UseTls">Whether the connection is encrypted.</param>
    public sealed record Redis(string Host, int Port, string? Password, int Database, bool UseTls) : StoreSetting;
}
