using CachingProxy.Core.Parsing;

namespace CachingProxy.Core.Decisions;

/// <summary>The bytes of a stored response that answer a request: a closed set.</summary>
internal abstract record RangeDecision
{
    private RangeDecision() { }

    /// <summary>The whole content: the request has no range, or its range is ignored.</summary>
    public sealed record Whole(RangeIgnored Reason) : RangeDecision;

    /// <summary>These pieces, in this order.</summary>
    public sealed record Slices(IReadOnlyList<Slice> Pieces) : RangeDecision;

    /// <summary>No byte of the requested ranges exists (RFC 9110 §15.5.17).</summary>
    public sealed record NotSatisfiable(long Length) : RangeDecision;

    /// <summary>The range that is asked for may exist, but is not stored.</summary>
    public sealed record NotStored : RangeDecision
    {
        /// <summary>The only one.</summary>
        public static NotStored Instance { get; } = new();
    }

    /// <summary>A piece of a representation, and where it begins in what is stored.</summary>
    public readonly record struct Slice(long Offset, long Length, ContentRange Range);
}
