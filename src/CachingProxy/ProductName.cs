using System.Reflection;

namespace CachingProxy;

/// <summary>The name and version of this program.</summary>
internal static class ProductName
{
    public static string Version { get; } =
        typeof(ProductName).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;

    public static string UserAgent { get; } = $"caching-proxy/{Version}";
}
