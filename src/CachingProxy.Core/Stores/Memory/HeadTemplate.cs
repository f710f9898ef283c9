using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using CachingProxy.Core.Entries;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Parsing;
using Microsoft.Extensions.Primitives;

namespace CachingProxy.Core.Stores.Memory;

/// <summary>
/// The part of a head that many entries have in common: status, partition, variant, directives, the names of all fields and the values of
/// some. The rest of a head is a few bytes. The template learns which values differ: it keeps only the values that all entries so far had
/// in common. Safe for any number of threads.
/// </summary>
internal sealed class HeadTemplate
{
    /// <summary>The largest number of fields of an entry with a template: the template keeps one bit for each field.</summary>
    public const int MaxFields = 64;

    private readonly CacheEntry _common;

    // A bit for each field: set if every entry keeps its own value of the field.
    private readonly ulong _own;

    private readonly long _bytes;
    private int _users;

    /// <summary>Makes a template of an entry, without the values of the fields whose values each entry keeps itself.</summary>
    public HeadTemplate(CacheEntry entry, ulong own)
    {
        _own = own;
        var fields = entry.Fields.AsSpan().ToArray();
        for (var i = 0; i < fields.Length; i++)
        {
            fields[i] = IsOwn(i) ? new(fields[i].Key, default) : fields[i];
        }

        // Makes a new entry instead of a copy of the given entry: a copy would keep every property that this list omits by mistake, and
        // entries of other URLs would be served with it.
        _common = new CacheEntry
        {
            Key = entry.Key with { Target = "" },
            Target = "",
            Partition = entry.Partition,
            Status = entry.Status,
            Fields = FieldList.OfDistinct(fields),
            Position = default,
            Variant = entry.Variant,
            Freshness = new Freshness(default, entry.Freshness.Source),
            Control = entry.Control,
        };
        _bytes = ObjectSlot.SizeOf(_common);
    }

    /// <summary>A random number that identifies the template.</summary>
    public long Seal { get; } = Random.Shared.NextInt64();

    /// <summary>Tells whether an entry is of a usual kind. Only such entries have templates.</summary>
    public static bool IsUsual(CacheEntry entry) => StoredProperty.All.All(property => property.IsUsual(entry));

    /// <summary>Returns a number that is equal for entries of the same kind.</summary>
    public static int KindOf(CacheEntry entry)
    {
        var kind = default(HashCode);
        kind.Add(entry.Status);
        kind.Add(entry.Key.Authority);
        kind.Add(entry.Partition);
        kind.Add(entry.Control);
        foreach (var value in entry.Variant.Parts.Values)
        {
            kind.Add(value);
        }

        foreach (var (name, _) in entry.Fields.AsSpan())
        {
            kind.Add(name);
        }

        return kind.ToHashCode();
    }

    /// <summary>
    /// Returns this template if an entry fits it. Otherwise returns a new one that also leaves out the values in which the entry differs,
    /// or null where the entry is of another kind.
    /// </summary>
    public HeadTemplate? For(CacheEntry entry)
    {
        if (!IsOfKind(entry))
        {
            return null;
        }

        if (LearntFrom(entry) is var own && own == _own)
        {
            return this;
        }

        return new HeadTemplate(entry, own);
    }

    /// <summary>
    /// Counts one more entry that uses this template. Returns the bytes of the template for the first entry, otherwise 0.
    /// </summary>
    public long AddUser() => Interlocked.Increment(ref _users) == 1 ? _bytes : 0;

    /// <summary>Counts one entry fewer. Returns the bytes of the template if no entry uses it any more, otherwise 0.</summary>
    public long RemoveUser() => Interlocked.Decrement(ref _users) == 0 ? _bytes : 0;

    /// <summary>Returns the part of an entry's head that the template does not have, as bytes.</summary>
    public byte[] Write(CacheEntry entry)
    {
        using var stream = new MemoryStream(256);
        using var writer = new BinaryWriter(stream);
        var numbers = new Numbers(
            entry.ReceivedAt.UtcTicks,
            entry.InitialAge.Ticks,
            entry.Position,
            entry.Freshness.Lifetime.Ticks,
            entry.Date.UtcTicks,
            entry.LastModified?.UtcTicks ?? -1
        );
        writer.Write(MemoryMarshal.AsBytes([numbers]));
        WriteText(writer, entry.Key.Target);
        writer.Write7BitEncodedInt(entry.Tags.Count);
        foreach (var tag in entry.Tags)
        {
            WriteText(writer, tag);
        }

        var fields = entry.Fields.AsSpan();
        for (var i = 0; i < fields.Length; i++)
        {
            if (IsOwn(i))
            {
                writer.Write7BitEncodedInt(fields[i].Value.Count);
                foreach (var line in fields[i].Value)
                {
                    WriteText(writer, line);
                }
            }
        }

        writer.Flush();
        return stream.ToArray();
    }

    /// <summary>Returns the entry that <see cref="Write"/> was given, with a serial and a body.</summary>
    public CacheEntry Read(ReadOnlySpan<byte> head, long serial, ResponseBody body)
    {
        var numbers = MemoryMarshal.Read<Numbers>(head);
        var rest = head[Unsafe.SizeOf<Numbers>()..];
        var target = ReadText(ref rest)!;
        var tags = new string[ReadNumber(ref rest)];
        for (var i = 0; i < tags.Length; i++)
        {
            tags[i] = ReadText(ref rest)!;
        }

        var fields = _common.Fields.AsSpan().ToArray();
        for (var i = 0; i < fields.Length; i++)
        {
            fields[i] = IsOwn(i) ? new(fields[i].Key, ReadLines(ref rest)) : fields[i];
        }

        var list = FieldList.OfDistinct(fields);
        return _common with
        {
            Serial = serial,
            Key = _common.Key with { Target = target },
            Target = target,
            Fields = list,
            ReceivedAt = new DateTimeOffset(numbers.ReceivedAt, TimeSpan.Zero),
            InitialAge = new TimeSpan(numbers.InitialAge),
            Position = numbers.Position,
            Freshness = _common.Freshness with { Lifetime = new TimeSpan(numbers.Lifetime) },
            Date = new DateTimeOffset(numbers.Date, TimeSpan.Zero),
            LastModified = numbers.LastModified < 0 ? null : new DateTimeOffset(numbers.LastModified, TimeSpan.Zero),
            EntityTag = EntityTag.Parse(list["ETag"].ToString()),
            Tags = tags,
            Body = body,
        };
    }

    private bool IsOwn(int field) => (_own >> field & 1) != 0;

    private bool IsOfKind(CacheEntry entry) => StoredProperty.All.All(property => property.IsShared?.Invoke(entry, _common) != false);

    private ulong LearntFrom(CacheEntry entry)
    {
        var own = _own;
        var fields = entry.Fields.AsSpan();
        var common = _common.Fields.AsSpan();
        for (var i = 0; i < fields.Length; i++)
        {
            own |= IsOwn(i) || StringValues.Equals(fields[i].Value, common[i].Value) ? 0 : 1UL << i;
        }

        return own;
    }

    private static void WriteText(BinaryWriter writer, string? text)
    {
        // Writes the length plus one, so that null differs from an empty text.
        writer.Write7BitEncodedInt(text is null ? 0 : Encoding.UTF8.GetByteCount(text) + 1);
        writer.Write(Encoding.UTF8.GetBytes(text ?? ""));
    }

    private static string? ReadText(ref ReadOnlySpan<byte> rest)
    {
        var length = ReadNumber(ref rest) - 1;
        if (length < 0)
        {
            return null;
        }

        var text = Encoding.UTF8.GetString(rest[..length]);
        rest = rest[length..];
        return text;
    }

    private static StringValues ReadLines(ref ReadOnlySpan<byte> rest)
    {
        var count = ReadNumber(ref rest);
        if (count == 1)
        {
            return ReadText(ref rest);
        }

        var lines = new string?[count];
        for (var i = 0; i < count; i++)
        {
            lines[i] = ReadText(ref rest);
        }

        return lines;
    }

    private static int ReadNumber(ref ReadOnlySpan<byte> rest)
    {
        var (number, used) = (0, 0);
        do
        {
            number |= (rest[used] & 0x7f) << (7 * used);
        } while (rest[used++] >= 0x80);
        rest = rest[used..];
        return number;
    }

    private readonly record struct Numbers(
        long ReceivedAt,
        long InitialAge,
        LogPosition Position,
        long Lifetime,
        long Date,
        long LastModified
    );
}
