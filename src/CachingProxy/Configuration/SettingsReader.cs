using System.Text.Json;

namespace CachingProxy.Configuration;

/// <summary>Puts the settings together: the command line wins over the environment, that over the file, that over the defaults.</summary>
internal static class SettingsReader
{
    /// <summary>Reads all sources.</summary>
    /// <param name="commandLine">The values given for a setting's name on the command line; empty where it is absent.</param>
    /// <param name="environment">The value of an environment variable, or null.</param>
    /// <param name="file">The path of the configuration file, or null.</param>
    /// <exception cref="SettingException">A value is not permitted, wherever it comes from.</exception>
    public static ProxySettings Read(Func<string, IReadOnlyList<string>> commandLine, Func<string, string?> environment, string? file)
    {
        var settings = new ProxySettings();
        var fromFile = file is null ? [] : ReadFile(file);
        foreach (var setting in SettingTable.All)
        {
            if (commandLine(setting.Name) is { Count: > 0 } given)
            {
                settings = setting.ApplyFrom(settings, given, $"--{setting.Name}");
            }
            else if (environment(setting.Environment) is { Length: > 0 } text)
            {
                var texts = setting.IsRepeatable
                    ? text.Split(setting.Separator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
                    : [text];
                settings = setting.ApplyFrom(settings, texts, setting.Environment);
            }
            else if (fromFile.TryGetValue(setting.Name, out var written))
            {
                settings = setting.ApplyFrom(settings, written, $"\"{setting.Name}\" in {file}");
            }
        }

        return settings;
    }

    private static Dictionary<string, List<string>> ReadFile(string file)
    {
        try
        {
            using var document = JsonDocument.Parse(
                File.ReadAllBytes(file), new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw new SettingException($"{file} holds no JSON object; write {{ \"port\": 3000, ... }}.");
            }

            var values = new Dictionary<string, List<string>>();
            foreach (var property in document.RootElement.EnumerateObject())
            {
                if (!SettingTable.All.Any(setting => setting.Name == property.Name))
                {
                    throw new SettingException($"\"{property.Name}\" in {file} is no setting; the settings are {string.Join(", ", SettingTable.All.Select(setting => setting.Name))}.");
                }

                values[property.Name] = property.Value.ValueKind == JsonValueKind.Array
                    ? [.. property.Value.EnumerateArray().Select(value => value.ToString())]
                    : [property.Value.ToString()];
            }

            return values;
        }
        catch (JsonException failure)
        {
            throw new SettingException($"{file} is not valid JSON: {failure.Message}");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new SettingException($"The configuration file {file} cannot be read: {failure.Message}");
        }
    }
}
