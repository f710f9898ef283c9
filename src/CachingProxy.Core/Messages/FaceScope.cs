using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using CachingProxy.Core.Stores;

namespace CachingProxy.Core.Messages;

/// <summary>
/// The configuration of a face that decides who may see its responses, or changes what its origin answers: the credentials that the
/// operator sends, the treatment of cookies, the permitted targets. A keyed hash of it is part of the partition, so that a stored response
/// never outlives the configuration under which it was fetched, in this process or another. Safe for any number of threads.
/// </summary>
/// <param name="parts">The parts of the configuration, as texts, in any order. They may be secret, and are never shown.</param>
/// <param name="key">Returns the key of the hash (<see cref="ISecondTier.SharedSecret"/>), or null while it is unknown. In place of null, a
/// random key of this process is used.</param>
public sealed class FaceScope(IEnumerable<string> parts, Func<byte[]?> key)
{
    private const int HashBytes = 8;

    private static readonly byte[] OfProcess = RandomNumberGenerator.GetBytes(32);

    private readonly string[] _parts = [.. parts.Order(StringComparer.Ordinal)];
    private volatile Tuple<byte[], string>? _last;

    /// <summary>The hash, in hexadecimal digits.</summary>
    public string Hash
    {
        get
        {
            var now = key() ?? OfProcess;
            var last = _last;
            if (last is null || !ReferenceEquals(last.Item1, now))
            {
                _last = last = Tuple.Create(now, HashWith(now));
            }

            return last.Item2;
        }
    }

    private string HashWith(byte[] secret)
    {
        using var hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, secret);
        Span<byte> length = stackalloc byte[4];
        foreach (var bytes in _parts.Select(Encoding.UTF8.GetBytes))
        {
            // Each part is preceded by its length, so that no two lists read the same.
            BinaryPrimitives.WriteInt32BigEndian(length, bytes.Length);
            hash.AppendData(length);
            hash.AppendData(bytes);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, HashBytes));
    }
}
