using System.Collections.Immutable;
using System.Text.Json;
using CachingProxy.Core.StructuredFields;
using CachingProxy.TestKit;
using Microsoft.Extensions.Primitives;

namespace CachingProxy.Core.Tests.StructuredFields;

/// <summary>The public vectors of RFC 9651 (httpwg/structured-field-tests).</summary>
public sealed class StructuredFieldVectorTests
{
    private const string Vectors = "vectors/structured-fields";

    public static IEnumerable<TheoryDataRow<string>> Files() =>
        SharedFolder.Find(Vectors) is { } folder
            ? Directory
                .EnumerateFiles(folder, "*.json", SearchOption.AllDirectories)
                .Order(StringComparer.Ordinal)
                .Select(file => new TheoryDataRow<string>(Path.GetRelativePath(folder, file)))
            : [new TheoryDataRow<string>("") { Skip = $"The public vectors are not there: ../shared/{Vectors}." }];

    [Theory]
    [MemberData(nameof(Files))]
    public void EveryVectorOfAFileHasItsOutcome(string file)
    {
        var folder = SharedFolder.Find(Vectors)!;
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, file)));
        var failed = document.RootElement.EnumerateArray().Select(Fault).OfType<string>().ToList();
        Assert.True(failed.Count == 0, string.Join('\n', failed));
        Assert.NotEqual(0, document.RootElement.GetArrayLength());
    }

    private static string? Fault(JsonElement vector)
    {
        var name = vector.GetProperty("name").GetString();
        var type = vector.GetProperty("header_type").GetString()!;
        var mustFail = vector.TryGetProperty("must_fail", out var fails) && fails.GetBoolean();
        if (!vector.TryGetProperty("raw", out var raw))
        {
            var written = Written(type, vector.GetProperty("expected"));
            var wanted = mustFail
                ? null
                : string.Join(", ", vector.GetProperty("canonical").EnumerateArray().Select(line => line.GetString()));
            return written == wanted ? null : $"{name}: wrote {written ?? "nothing"}, not {wanted ?? "nothing"}";
        }

        var parsed = Canonical(type, raw.EnumerateArray().Select(line => line.GetString()).ToArray());
        if (mustFail || (parsed is null && vector.TryGetProperty("can_fail", out var canFail) && canFail.GetBoolean()))
        {
            return parsed is null ? null : $"{name}: was read as {parsed}";
        }

        // What was read, written again, is what the expected value is when written: types and parameters included.
        var expected = Written(type, vector.GetProperty("expected"));
        var canonical = vector.TryGetProperty("canonical", out var lines)
            ? string.Join(", ", lines.EnumerateArray().Select(line => line.GetString()))
            : string.Join(", ", raw.EnumerateArray().Select(line => line.GetString()));
        return parsed == expected && parsed == canonical
            ? null
            : $"{name}: read {parsed ?? "nothing"}, expected {expected}, canonical {canonical}";
    }

    private static string? Canonical(string type, StringValues lines) =>
        type switch
        {
            "item" => StructuredField.ParseItem(lines) is { } item ? StructuredField.Serialize(item) : null,
            "list" => StructuredField.ParseList(lines) is { } list ? StructuredField.Serialize(list) : null,
            _ => StructuredField.ParseDictionary(lines) is { } dictionary ? StructuredField.Serialize(dictionary) : null,
        };

    private static string? Written(string type, JsonElement expected) =>
        type switch
        {
            "item" => StructuredField.Serialize((StructuredMember.Item)Member(expected)),
            "list" => StructuredField.Serialize([.. expected.EnumerateArray().Select(Member)]),
            _ => StructuredField.Serialize(
                expected.EnumerateArray().Select(pair => KeyValuePair.Create(pair[0].GetString()!, Member(pair[1]))).ToImmutableArray()
            ),
        };

    private static StructuredMember Member(JsonElement element)
    {
        var parameters = element[1]
            .EnumerateArray()
            .Select(pair => KeyValuePair.Create(pair[0].GetString()!, Value(pair[1])))
            .ToImmutableArray();
        return element[0].ValueKind == JsonValueKind.Array
            ? new StructuredMember.InnerList([.. element[0].EnumerateArray().Select(item => (StructuredMember.Item)Member(item))])
            {
                Parameters = parameters,
            }
            : new StructuredMember.Item(Value(element[0])) { Parameters = parameters };
    }

    private static BareItem Value(JsonElement element) =>
        element.ValueKind switch
        {
            JsonValueKind.True or JsonValueKind.False => new BareItem.Boolean(element.GetBoolean()),
            JsonValueKind.String => new BareItem.String(element.GetString()!),
            JsonValueKind.Number when element.GetRawText().Contains('.', StringComparison.Ordinal) => new BareItem.Decimal(
                element.GetDecimal()
            ),
            JsonValueKind.Number => new BareItem.Integer(element.GetInt64()),
            _ => element.GetProperty("__type").GetString() switch
            {
                "token" => new BareItem.Token(element.GetProperty("value").GetString()!),
                "binary" => new BareItem.ByteSequence([.. Base32(element.GetProperty("value").GetString()!)]),
                "date" => new BareItem.Date(element.GetProperty("value").GetInt64()),
                "displaystring" => new BareItem.DisplayString(element.GetProperty("value").GetString()!),
                var other => throw new InvalidOperationException($"A type that is not known: {other}"),
            },
        };

    private static IEnumerable<byte> Base32(string text)
    {
        var (bits, count) = (0, 0);
        foreach (var letter in text.TrimEnd('='))
        {
            bits = (bits << 5) | "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".IndexOf(letter, StringComparison.Ordinal);
            count += 5;
            if (count >= 8)
            {
                count -= 8;
                yield return (byte)(bits >> count);
                bits &= (1 << count) - 1;
            }
        }
    }
}
