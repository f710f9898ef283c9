using System.Reflection;

namespace CachingProxy;

/// <summary>The name and version of this program.</summary>
internal static class ProductName
{
    public const string Name = "caching-proxy";

    public static string Version { get; } =
        typeof(ProductName).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;

    public static string UserAgent { get; } = $"{Name}/{Version}";
}
