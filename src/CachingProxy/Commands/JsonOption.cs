using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace CachingProxy.Commands;

/// <summary>The option <c>--json</c>: the answer of the instance as it is, for programs.</summary>
internal static class JsonOption
{
    private static readonly JsonWriterOptions Readable = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Makes the option for one command.</summary>
    public static Option<bool> Create() => new("--json") { Description = "Write JSON, for programs" };

    /// <summary>Writes an answer on standard output.</summary>
    public static async Task WriteAsync(JsonDocument answer)
    {
        var text = new MemoryStream();
        await using (var writer = new Utf8JsonWriter(text, Readable))
        {
            answer.WriteTo(writer);
        }

        await Console.Out.WriteLineAsync(System.Text.Encoding.UTF8.GetString(text.ToArray()));
    }
}
