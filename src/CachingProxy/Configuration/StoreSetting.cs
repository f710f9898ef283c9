using System.Globalization;
using System.Net;
using CachingProxy.Core.Keys;

namespace CachingProxy.Configuration;

/// <summary>Names the second tier to use: a file, or Redis.</summary>
public abstract record StoreSetting
{
    private StoreSetting() { }

    /// <summary>
    /// Reads <c>sqlite:PATH</c>, <c>redis://[[USER]:PASSWORD@]HOST[:PORT][,HOST[:PORT]...][/DB]</c>, or the same with <c>rediss</c> for
    /// TLS; null for anything else.
    /// </summary>
    public static StoreSetting? Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        const string sqlite = "sqlite:";
        return text.StartsWith(sqlite, StringComparison.Ordinal) ? ParsePath(text[sqlite.Length..]) : ParseServer(text);
    }

    private static Sqlite? ParsePath(string path) =>
        path.Length > 0 && Path.GetFullPath(path) is var full && Directory.Exists(Path.GetDirectoryName(full)) && !Directory.Exists(full)
            ? new Sqlite(full)
            : null;

    private static Redis? ParseServer(string text)
    {
        var scheme = text.Split("://")[0];
        if (scheme is not ("redis" or "rediss") || text.AsSpan().ContainsAny('?', '#') || text.Length == scheme.Length + 3)
        {
            return null;
        }

        var rest = text[(scheme.Length + 3)..];
        var (place, database) = rest.Split('/', 2) is [var before, var after] ? (before, after) : (rest, "");
        var at = place.LastIndexOf('@');
        var (user, password) = place[..Math.Max(at, 0)].Split(':', 2) is [var name, var secret]
            ? (name, secret)
            : (place[..Math.Max(at, 0)], "");
        var servers = place[(at + 1)..].Split(',').Select(ParseEndPoint).ToList();
        return
            servers.Contains(null)
            || (at >= 0 && password.Length == 0)
            || (
                database.Length > 0
                && !(int.TryParse(database, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= 1023)
            )
            ? null
            : new Redis(
                [.. servers.OfType<DnsEndPoint>()],
                user.Length > 0 ? Uri.UnescapeDataString(user) : null,
                password.Length > 0 ? Uri.UnescapeDataString(password) : null,
                database.Length == 0 ? 0 : int.Parse(database, CultureInfo.InvariantCulture),
                scheme == "rediss"
            );
    }

    private static DnsEndPoint? ParseEndPoint(string text)
    {
        if (UriNormalization.NormaliseHost("http", text) is null)
        {
            return null;
        }

        var colon = text.LastIndexOf(':');
        var hasPort = colon > text.IndexOf(']', StringComparison.Ordinal);
        var host = (hasPort ? text[..colon] : text).Trim('[', ']');
        return new DnsEndPoint(host, hasPort ? int.Parse(text.AsSpan(colon + 1), CultureInfo.InvariantCulture) : 6379);
    }

    /// <summary>A file.</summary>
    /// <param name="Path">Where it is.</param>
    public sealed record Sqlite(string Path) : StoreSetting;

    /// <summary>A server, or a cluster, that several nodes share.</summary>
    /// <param name="Servers">Where it is.</param>
    /// <param name="User">The user, if it is not the default one.</param>
    /// <param name="Password">Its password, if it has one; secret.</param>
    /// <param name="Database">The number of the database.</param>
    /// <param name="UseTls">Whether the connection is encrypted.</param>
    public sealed record Redis(IReadOnlyList<DnsEndPoint> Servers, string? User, string? Password, int Database, bool UseTls)
        : StoreSetting;
}
