using System.Globalization;
using System.Net;
using CachingProxy.Core.Parsing;
using Microsoft.Extensions.Primitives;

namespace CachingProxy.Configuration;

/// <summary>Reads the values of settings that have no type of their own.</summary>
internal static class SettingValues
{
    /// <summary>The longest timeout; timers run no longer than 49 days.</summary>
    public static readonly TimeSpan MaxTimeout = TimeSpan.FromHours(24);

    /// <summary>Reads true or on, false or off; returns null for anything else.</summary>
    public static bool? ParseSwitch(string text) =>
        text.ToLowerInvariant() switch
        {
            "true" or "on" => true,
            "false" or "off" => false,
            _ => null,
        };

    /// <summary>Reads a whole number within bounds; returns null for anything else.</summary>
    public static int? ParseCount(string text, int min, int max) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count >= min && count <= max ? count : null;

    /// <summary>Reads an IP address, <c>localhost</c>, or <c>*</c> for all; returns null for anything else.</summary>
    public static IPAddress? ParseAddress(string text) =>
        text switch
        {
            "localhost" => IPAddress.Loopback,
            "*" => IPAddress.IPv6Any,
            // IPAddress reads 1.2 as 1.0.0.2; an address that is written short is more likely a mistake.
            _ => IPAddress.TryParse(text.Trim('[', ']'), out var address)
            && (text.Contains(':', StringComparison.Ordinal) || text.Count(c => c == '.') == 3)
                ? address
                : null,
        };

    /// <summary>Reads a duration from 1 ms to <see cref="MaxTimeout"/>; returns null for anything else.</summary>
    public static TimeSpan? ParseTimeout(string text) =>
        Quantities.ParseDuration(text) is { } timeout && timeout >= TimeSpan.FromMilliseconds(1) && timeout <= MaxTimeout ? timeout : null;

    /// <summary>Reads a name of an enumeration, in any case; returns null for anything else.</summary>
    public static T? ParseEnum<T>(string text)
        where T : struct, Enum =>
        !text.AsSpan().ContainsAnyInRange('0', '9') && Enum.TryParse<T>(text, ignoreCase: true, out var value) ? value : null;

    // Fields that belong to one request or to the connection. Sent with every request, they would break the responses.
    private static bool IsOfExchange(string name) =>
        name.StartsWith("If-", StringComparison.OrdinalIgnoreCase)
        || name.ToUpperInvariant() is "HOST" or "CONTENT-LENGTH" or "EXPECT" or "RANGE" or "VIA" or "MAX-FORWARDS";

    /// <summary>
    /// Reads fields to send with every request; returns null if one of them is not valid or must not be sent with every request.
    /// </summary>
    public static List<KeyValuePair<string, StringValues>>? ParseFields(IReadOnlyList<string> texts, bool isOfOneRequest = false)
    {
        var fields = new List<KeyValuePair<string, StringValues>>();
        foreach (var text in texts)
        {
            var colon = text.IndexOf(':', StringComparison.Ordinal);
            var name = colon < 0 ? "" : text[..colon].Trim();
            var value = colon < 0 ? "" : text[(colon + 1)..].Trim();
            if (
                !FieldSyntax.IsToken(name)
                || !FieldSyntax.IsValue(value)
                || value.Any(letter => letter > '\u00ff')
                || (!isOfOneRequest && (HopByHopFields.Contains(name) || IsOfExchange(name)))
            )
            {
                return null;
            }

            fields.Add(new(name, value));
        }

        return fields;
    }
}
