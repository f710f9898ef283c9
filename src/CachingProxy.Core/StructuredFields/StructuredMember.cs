using System.Collections.Immutable;

namespace CachingProxy.Core.StructuredFields;

/// <summary>A member of a list or dictionary: an item or an inner list, with parameters (RFC 9651 §3.1, §3.2).</summary>
public abstract record StructuredMember
{
    private StructuredMember() { }

    /// <summary>The parameters in their order, each key once (RFC 9651 §3.1.2).</summary>
    public ImmutableArray<KeyValuePair<string, BareItem>> Parameters { get; init; } = [];

    /// <summary>One value (RFC 9651 §3.3).</summary>
    public sealed record Item(BareItem Value) : StructuredMember;

    /// <summary>A list of values within a list (RFC 9651 §3.1.1).</summary>
    public sealed record InnerList(ImmutableArray<Item> Items) : StructuredMember;
}
