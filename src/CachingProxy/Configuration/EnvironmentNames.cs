using System.Text.RegularExpressions;

namespace CachingProxy.Configuration;

/// <summary>Distinguishes the environment variables that are settings from those that only look like settings.</summary>
internal static partial class EnvironmentNames
{
    private const string Prefix = "CACHING_PROXY_";

    private const int MaxMilliseconds = 1000;

    // Read apart from the settings: it names the file that some of them are in.
    private const string Config = "CACHING_PROXY_CONFIG";

    /// <summary>
    /// Tells whether Kubernetes sets a variable of this name and value for a service whose name begins with caching-proxy:
    /// <c>CACHING_PROXY_SERVICE_HOST</c>, <c>CACHING_PROXY_PORT=tcp://10.0.0.7:80</c>.
    /// </summary>
    public static bool IsOfKubernetes(string name, string value) =>
        OfService().IsMatch(name)
        || (
            OfLink().IsMatch(name)
            && (!name.EndsWith("_PORT", StringComparison.Ordinal) || IsAddress().IsMatch(value) || OfLinkedPort().IsMatch(name))
        );

    /// <summary>
    /// Returns one sentence for all variables of Kubernetes, and one for each other variable that has our prefix but is no setting.
    /// </summary>
    public static IEnumerable<string> Notes(IReadOnlyDictionary<string, string> environment)
    {
        var ours = SettingTable.All.SelectMany(setting => setting.Variables).Append(Config).ToHashSet();
        var prefixed = environment
            .Keys.Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .ToList();
        var ofKubernetes = prefixed.Where(name => IsOfKubernetes(name, environment[name])).ToList();
        if (ofKubernetes.Count > 0)
        {
            yield return $"{string.Join(", ", ofKubernetes)}: set by Kubernetes for a service of this name, and ignored.";
        }

        foreach (var name in prefixed.Except(ofKubernetes).Where(name => !ours.Contains(name)))
        {
            yield return $"{name} is set, and is no setting"
                + (Spelling.Nearest(name, ours) is { } nearest ? $"; did you mean {nearest}?" : ".");
        }
    }

    [GeneratedRegex("^CACHING_PROXY(_[A-Z0-9_]+)?_SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)$", RegexOptions.ExplicitCapture, MaxMilliseconds)]
    private static partial Regex OfService();

    [GeneratedRegex(
        "^CACHING_PROXY(_[A-Z0-9_]+)?_PORT(_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?$",
        RegexOptions.ExplicitCapture,
        MaxMilliseconds
    )]
    private static partial Regex OfLink();

    [GeneratedRegex("_PORT_[0-9]+_(TCP|UDP|SCTP)_PORT$", RegexOptions.ExplicitCapture, MaxMilliseconds)]
    private static partial Regex OfLinkedPort();

    [GeneratedRegex("^(tcp|udp|sctp)://", RegexOptions.ExplicitCapture, MaxMilliseconds)]
    private static partial Regex IsAddress();
}
