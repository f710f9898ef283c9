using System.Text.Json;

namespace CachingProxy.Configuration;

/// <summary>
/// Reads the configuration file: a JSON object whose keys are options without dashes. Comments and trailing commas are permitted.
/// </summary>
internal static class ConfigurationFile
{
    private static readonly JsonDocumentOptions Lenient = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    /// <summary>Reads the values of each setting, as texts. Adds the faults of the file to <paramref name="faults"/>.</summary>
    public static Dictionary<string, List<string>> Read(string file, List<string> faults)
    {
        var values = new Dictionary<string, List<string>>();
        try
        {
            // Reads UTF-8, with or without a byte order mark, and UTF-16 with one, as editors on Windows write it.
            using var document = JsonDocument.Parse(File.ReadAllText(file), Lenient);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                faults.Add($"{file} holds no JSON object; write {{ \"port\": 3000, ... }}.");
                return values;
            }

            foreach (var property in document.RootElement.EnumerateObject())
            {
                if (!SettingTable.All.Any(setting => setting.Name == property.Name))
                {
                    faults.Add($"\"{property.Name}\" in {file} is no setting; {Hint(property.Name)}.");
                }
                else if (!values.TryAdd(property.Name, TextsOf(property.Value)))
                {
                    faults.Add($"\"{property.Name}\" in {file} is given more than once; give it once.");
                }
            }
        }
        catch (JsonException failure)
        {
            faults.Add($"{file} is not valid JSON: {failure.Message}");
        }
        catch (InvalidOperationException)
        {
            faults.Add($"{file} is not valid JSON: it holds half of a surrogate pair.");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            faults.Add($"The configuration file {file} cannot be read: {failure.Message}");
        }

        return values;
    }

    private static List<string> TextsOf(JsonElement value) =>
        value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray().Select(element => element.ToString())] : [value.ToString()];

    private static string Hint(string name)
    {
        var names = SettingTable.All.Select(setting => setting.Name).ToList();
        return Spelling.Nearest(name, names) is { } nearest
            ? $"did you mean \"{nearest}\"?"
            : $"the settings are {string.Join(", ", names)}";
    }
}
