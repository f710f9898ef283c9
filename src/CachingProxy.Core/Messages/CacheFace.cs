using CachingProxy.Core.Keys;

namespace CachingProxy.Core.Messages;

/// <summary>One way in: where its requests are fetched from, and by which policy its responses are kept.</summary>
/// <param name="Name">The name that keeps the entries of this face apart from the others'.</param>
/// <param name="Origin">Where a request goes that the cache cannot answer.</param>
/// <param name="Policy">Lifetimes, cookies and sizes.</param>
public sealed record CacheFace(string Name, IOrigin Origin, CachePolicy Policy)
{
    // Entries of the two modes never answer for each other.
    private readonly string _nameInMode = $"{Name}/{(Policy.TtlMode == TtlMode.Override ? "override" : "respect")}";
    private volatile Tuple<string, string>? _named;

    /// <summary>The configuration that tells entries of this face apart from those under another one; null where there is none.</summary>
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
