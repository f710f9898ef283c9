using CachingProxy.Core.Parsing;
using Microsoft.Extensions.Primitives;

namespace CachingProxy.AspNetCore.Gate;

/// <summary>RFC 9110 §7.6.3: <c>Via</c> on requests, by which a loop is recognised.</summary>
public static class ViaField
{
    /// <summary>Adds this proxy to <c>Via</c>, with the protocol version in which the message arrived.</summary>
    public static FieldList Append(FieldList fields, string protocol, string pseudonym)
    {
        ArgumentNullException.ThrowIfNull(fields);
        ArgumentNullException.ThrowIfNull(protocol);
        var version = protocol.StartsWith("HTTP/", StringComparison.Ordinal) ? protocol[5..] : protocol;
        var before = fields["Via"];
        return fields.With("Via", before.Count == 0 ? $"{version} {pseudonym}" : $"{before}, {version} {pseudonym}");
    }

    /// <summary>Tells whether a message has passed through us before.</summary>
    public static bool Names(StringValues via, string pseudonym)
    {
        foreach (var line in via)
        {
            foreach (var hop in line.AsSpan().Split(','))
            {
                var words = line.AsSpan()[hop].Trim(" \t");
                var name = words.IndexOfAny(' ', '\t') is var space and >= 0 ? words[(space + 1)..].TrimStart(" \t") : [];
                if (name.IndexOfAny(" \t(") is var end and >= 0)
                {
                    name = name[..end];
                }

                if (name.Equals(pseudonym, StringComparison.OrdinalIgnoreCase))
                {
                    return true;
                }
            }
        }

        return false;
    }
}
