using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace CachingProxy.Admin;

/// <summary>Writes the contract records as JSON, with code that is generated at compile time.</summary>
[JsonSerializable(typeof(ApiFailure))]
[JsonSerializable(typeof(ApiSuccess))]
[JsonSerializable(typeof(ApiHealth))]
[JsonSerializable(typeof(ApiEntries))]
[JsonSerializable(typeof(ApiExplanation))]
[JsonSerializable(typeof(ApiStats))]
[JsonSerializable(typeof(ApiConfig))]
internal sealed partial class ApiJson : JsonSerializerContext
{
    /// <summary>
    /// The context that leaves quotation marks and letters beyond ASCII unescaped: an answer of type <c>application/json</c> is never read
    /// as HTML.
    /// </summary>
    public static ApiJson Readable { get; } =
        new(
            new JsonSerializerOptions
            {
                PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
                DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
                Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            }
        );
}
