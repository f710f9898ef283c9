using CachingProxy.Core.Keys;

namespace CachingProxy.Core.Messages;

/// <summary>One way into the engine, with the origin of its requests and the policy for its responses.</summary>
/// <param name="Name">The name that keeps the entries of this face apart from the others'.</param>
/// <param name="Origin">The origin of the requests that the cache cannot answer.</param>
/// <param name="Policy">Lifetimes, cookies and sizes.</param>
public sealed record CacheFace(string Name, IOrigin Origin, CachePolicy Policy)
{
    // An entry stored in one mode never answers a request in the other.
    private readonly string _nameInMode = $"{Name}/{(Policy.TtlMode == TtlMode.Override ? "override" : "respect")}";
    private volatile Tuple<string, string>? _named;

    /// <summary>
    /// The configuration that keeps entries of this face apart from entries stored under another configuration; null where there is none.
    /// </summary>
    public FaceScope? Scope { get; init; }

    /// <summary>
    /// The name that entries bear (<see cref="CachePartition.Face"/>): the face's own, the mode of its policy, and a hash of its <see
    /// cref="Scope"/>.
    /// </summary>
    public string PartitionName
    {
        get
        {
            if (Scope?.Hash is not { } hash)
            {
                return _nameInMode;
            }

            var named = _named;
            if (!ReferenceEquals(named?.Item1, hash))
            {
                _named = named = Tuple.Create(hash, $"{_nameInMode}/{hash}");
            }

            return named!.Item2;
        }
    }
}
