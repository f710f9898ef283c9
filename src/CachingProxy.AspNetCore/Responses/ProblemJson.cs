using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace CachingProxy.AspNetCore.Responses;

/// <summary>Writes problems as JSON, with code that is generated at compile time.</summary>
[JsonSerializable(typeof(Problem))]
internal sealed partial class ProblemJson : JsonSerializerContext
{
    /// <summary>
    /// The context that writes quotation marks and letters without <c>\u</c> escapes. No escapes are needed, because a document of this
    /// type is never read as HTML.
    /// </summary>
    public static ProblemJson Readable { get; } =
        new(
            new JsonSerializerOptions
            {
                PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
                Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            }
        );
}
