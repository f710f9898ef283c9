using CachingProxy.Core.Parsing;

namespace CachingProxy.Core.Decisions;

/// <summary>The decision which bytes of a stored response answer a request. The nested records are its only cases.</summary>
internal abstract record RangeDecision
{
    private RangeDecision() { }

    /// <summary>The whole content: the request has no range, or its range is ignored.</summary>
    public sealed record Whole(RangeIgnored Reason) : RangeDecision;

    /// <summary>The pieces of the content that answer the request, in this order.</summary>
    public sealed record Slices(IReadOnlyList<Slice> Pieces) : RangeDecision;

    /// <summary>No byte of the requested ranges exists (RFC 9110 §15.5.17).</summary>
    public sealed record NotSatisfiable(long Length) : RangeDecision;

    /// <summary>The range that is asked for may exist, but is not stored.</summary>
    public sealed record NotStored : RangeDecision
    {
        /// <summary>The only instance.</summary>
        public static NotStored Instance { get; } = new();
    }

    /// <summary>A piece of a representation, and the offset at which it begins in the stored content.</summary>
    public readonly record struct Slice(long Offset, long Length, ContentRange Range);
}
