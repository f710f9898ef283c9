using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;

namespace CachingProxy.Core.StructuredFields;

/// <summary>A value of RFC 9651 §3.3: one of eight types. Immutable.</summary>
[SuppressMessage("Naming", "CA1720:Identifiers should not contain type names", Justification = "They are RFC 9651's own names.")]
public abstract record BareItem
{
    private BareItem() { }

    /// <summary>A whole number of at most 15 digits (RFC 9651 §3.3.1).</summary>
    public sealed record Integer(long Value) : BareItem;

    /// <summary>A number of at most 12 digits before the point and 3 after it (RFC 9651 §3.3.2).</summary>
    public sealed record Decimal(decimal Value) : BareItem;

    /// <summary>A text of printable ASCII (RFC 9651 §3.3.3).</summary>
    public sealed record String(string Value) : BareItem;

    /// <summary>A short word, which begins with a letter or an asterisk (RFC 9651 §3.3.4).</summary>
    public sealed record Token(string Value) : BareItem;

    /// <summary>A sequence of bytes (RFC 9651 §3.3.5).</summary>
    public sealed record ByteSequence(ImmutableArray<byte> Value) : BareItem;

    /// <summary>True or false (RFC 9651 §3.3.6).</summary>
    public sealed record Boolean(bool Value) : BareItem;

    /// <summary>A number of seconds since 1970-01-01T00:00:00Z, negative before it (RFC 9651 §3.3.7).</summary>
    public sealed record Date(long Value) : BareItem;

    /// <summary>A Unicode text (RFC 9651 §3.3.8).</summary>
    public sealed record DisplayString(string Value) : BareItem;

    /// <summary>The value true, which a parameter or a dictionary member has if it states no value.</summary>
    public static BareItem True { get; } = new Boolean(true);
}
