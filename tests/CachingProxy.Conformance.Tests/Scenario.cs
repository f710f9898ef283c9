using System.Text.Json;
using System.Text.Json.Serialization;
using CachingProxy.TestKit;

namespace CachingProxy.Conformance.Tests;

/// <summary>One behaviour as data: what a client sends, what the origin answers, and what the client must be told.</summary>
/// <param name="Id">Names it, here and in docs/rfc9111-map.md.</param>
/// <param name="Section">The section that asks for it.</param>
/// <param name="Kind">required (MUST), optimal (SHOULD, MAY), or ours where no RFC speaks.</param>
/// <param name="Steps">What happens, in order.</param>
public sealed record Scenario(string Id, string Section, string Kind, IReadOnlyList<ScenarioStep> Steps)
{
    /// <summary>Settings of the command beyond <c>--ttl 0</c>.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        ReadCommentHandling = JsonCommentHandling.Skip,
    };

    /// <summary>All scenarios, by their ids.</summary>
    public static IReadOnlyDictionary<string, Scenario> All { get; } =
        Directory
            .EnumerateFiles(Path.Combine(Repository.Root, "tests/CachingProxy.Conformance.Tests/Rfc9111"), "*.json")
            .SelectMany(file => JsonSerializer.Deserialize<List<Scenario>>(File.ReadAllText(file), Format)!)
            .ToDictionary(scenario => scenario.Id);
}
