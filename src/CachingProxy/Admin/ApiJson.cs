using System.Text.Json.Serialization;

namespace CachingProxy.Admin;

/// <summary>How the contract records are written, decided when this is compiled.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ApiFailure))]
[JsonSerializable(typeof(ApiSuccess))]
[JsonSerializable(typeof(ApiHealth))]
internal sealed partial class ApiJson : JsonSerializerContext;
