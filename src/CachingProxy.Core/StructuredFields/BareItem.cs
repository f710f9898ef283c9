using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;

namespace CachingProxy.Core.StructuredFields;

/// <summary>A value of RFC 9651 §3.3: one of eight types. Immutable.</summary>
[SuppressMessage("Naming", "CA1720:Identifiers should not contain type names", Justification = "They are RFC 9651's own names.")]
public abstract record BareItem
{
    private BareItem() { }

    /// <summary>RFC 9651 §3.3.1: a whole number of at most 15 digits.</summary>
    public sealed record Integer(long Value) : BareItem;

    /// <summary>RFC 9651 §3.3.2: a number of at most 12 digits before the point and 3 after it.</summary>
    public sealed record Decimal(decimal Value) : BareItem;

    /// <summary>RFC 9651 §3.3.3: printable ASCII.</summary>
    public sealed record String(string Value) : BareItem;

    /// <summary>RFC 9651 §3.3.4: a short word, which begins with a letter or an asterisk.</summary>
    public sealed record Token(string Value) : BareItem;

    /// <summary>RFC 9651 §3.3.5: bytes.</summary>
    public sealed record ByteSequence(ImmutableArray<byte> Value) : BareItem;

    /// <summary>RFC 9651 §3.3.6: true or false.</summary>
    public sealed record Boolean(bool Value) : BareItem;

    /// <summary>RFC 9651 §3.3.7: seconds since 1970-01-01T00:00:00Z, before it negative.</summary>
    public sealed record Date(long Value) : BareItem;

    /// <summary>RFC 9651 §3.3.8: Unicode text.</summary>
    public sealed record DisplayString(string Value) : BareItem;

    /// <summary>True, which a parameter or a member of a dictionary without a value is.</summary>
    public static BareItem True { get; } = new Boolean(true);
}
