using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace CachingProxy.Admin;

/// <summary>Writes the contract records as JSON, by code made when this is compiled.</summary>
[JsonSerializable(typeof(ApiFailure))]
[JsonSerializable(typeof(ApiSuccess))]
[JsonSerializable(typeof(ApiHealth))]
internal sealed partial class ApiJson : JsonSerializerContext
{
    /// <summary>Quotation marks and letters as they are: an answer of this type, with <c>nosniff</c>, is never read as HTML.</summary>
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
