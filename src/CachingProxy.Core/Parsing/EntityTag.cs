namespace CachingProxy.Core.Parsing;

/// <summary>An entity tag (RFC 9110 §8.8.3): an opaque text, strong or weak.</summary>
internal readonly record struct EntityTag(string Opaque, bool IsWeak)
{
    /// <summary>Reads one tag; null unless it has the form <c>"..."</c> or <c>W/"..."</c>.</summary>
    public static EntityTag? Parse(string? text)
    {
        var value = text.AsSpan().Trim(" \t");
        var weak = value.StartsWith("W/");
        if (weak)
        {
            value = value[2..];
        }

        return value.Length >= 2 && value[0] == '"' && value[^1] == '"' && !value[1..^1].Contains('"')
            ? new EntityTag(value[1..^1].ToString(), weak)
            : null;
    }

    /// <summary>Compares weakly: true if the opaque texts are the same (RFC 9110 §8.8.3.2).</summary>
    public bool WeaklyEquals(EntityTag other) => Opaque == other.Opaque;

    /// <summary>Compares strongly: true if the opaque texts are the same and neither tag is weak (RFC 9110 §8.8.3.2).</summary>
    public bool StronglyEquals(EntityTag other) => Opaque == other.Opaque && !IsWeak && !other.IsWeak;

    /// <inheritdoc/>
    public override string ToString() => IsWeak ? $"W/\"{Opaque}\"" : $"\"{Opaque}\"";
}
