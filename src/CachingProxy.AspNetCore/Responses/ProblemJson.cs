using System.Text.Json.Serialization;

namespace CachingProxy.AspNetCore.Responses;

/// <summary>How a problem is written, decided when this is compiled.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(Problem))]
internal sealed partial class ProblemJson : JsonSerializerContext;
