using System.Buffers.Binary;
using System.Numerics;
using System.Text;
using CachingProxy.Core.Decisions;
using CachingProxy.Core.Keys;
using CachingProxy.Core.Parsing;
using CachingProxy.Core.Purging;
using CachingProxy.Core.Responding;
using Microsoft.Extensions.Primitives;

namespace CachingProxy.Core.Storing;

/// <summary>
/// The head of an entry as bytes, for stores outside this process: everything but the content. What cannot be read, because it is of
/// another version or damaged, is no entry. Safe for any number of threads.
/// </summary>
/// <remarks>
/// <code>
/// version  1 byte (1)
/// serial, epoch, number, received (UTC ticks), initial age (ticks)          8 bytes each
/// status  4 bytes
/// lifetime (ticks) 8 bytes, source of the lifetime 1 byte, date (UTC ticks) 8 bytes
/// key: authority, target; target of the request; partition: face, scheme, host, query   texts
/// fields: count 4 bytes, then each: name, count of lines 4 bytes, lines      texts
/// tags: count 4 bytes, then each                                             texts
/// variant: count 4 bytes, then each: name, value; language                   texts
/// part: 0, or 1, first, last, complete (-1: unknown), length 8 bytes each, asked text
/// whether No-Vary-Search is heeded  1 byte
/// control: ten switches 1 byte each, four times (ticks; -1: none) 8 bytes each, two lists of names
/// CRC-32C of all before  4 bytes
/// </code>
/// Numbers are little-endian. A text is its length in bytes (4 bytes; -1: none) and its UTF-8 bytes; a list is a count (4 bytes) and texts.
/// </remarks>
public static class EntryFormat
{
    private const byte Version = 1;

    /// <summary>The head of an entry.</summary>
    public static byte[] Write(CacheEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        using var stream = new MemoryStream(1024);
        using var writer = new BinaryWriter(stream);
        writer.Write(Version);
        writer.Write(entry.Serial);
        writer.Write(entry.Position.Epoch);
        writer.Write(entry.Position.Number);
        writer.Write(entry.ReceivedAt.UtcTicks);
        writer.Write(entry.InitialAge.Ticks);
        writer.Write(entry.Status);
        writer.Write(entry.Freshness.Lifetime.Ticks);
        writer.Write((byte)entry.Freshness.Source);
        writer.Write(entry.Date.UtcTicks);
        WriteTexts(writer, entry.Key.Authority, entry.Key.Target, entry.Target, entry.Partition.Face, entry.Partition.ClientScheme, entry.Partition.ClientHost, entry.Partition.Query);
        writer.Write(entry.Fields.Count);
        foreach (var (name, values) in entry.Fields)
        {
            WriteTexts(writer, name);
            WriteList(writer, values);
        }

        WriteList(writer, entry.Tags);
        var (names, selected, language) = entry.Variant.Parts;
        WriteList(writer, names);
        WriteList(writer, selected);
        WriteTexts(writer, language);
        writer.Write(entry.Part is not null);
        if (entry.Part is { } part)
        {
            writer.Write(part.Stated.First);
            writer.Write(part.Stated.Last);
            writer.Write(part.Stated.Complete ?? -1);
            writer.Write(part.Length);
            WriteTexts(writer, part.Asked);
        }

        writer.Write(entry.SearchVariance is not null);
        WriteControl(writer, entry.Control);
        writer.Flush();
        var check = Checksum(stream.GetBuffer().AsSpan(0, (int)stream.Length));
        writer.Write(check);
        writer.Flush();
        return stream.ToArray();
    }

    /// <summary>The entry with a head and its content; null where the head cannot be read.</summary>
    public static CacheEntry? Read(byte[] bytes, ResponseBody body)
    {
        ArgumentNullException.ThrowIfNull(bytes);
        if (bytes.Length < 5 || bytes[0] != Version
            || Checksum(bytes.AsSpan(0, bytes.Length - 4)) != BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(bytes.Length - 4)))
        {
            return null;
        }

        // What bears the right checksum was written by us, and is read as it was written.
        using var reader = new BinaryReader(new MemoryStream(bytes, 1, bytes.Length - 5));
        var serial = reader.ReadInt64();
        var position = new LogPosition(reader.ReadInt64(), reader.ReadInt64());
        var receivedAt = new DateTimeOffset(reader.ReadInt64(), TimeSpan.Zero);
        var initialAge = new TimeSpan(reader.ReadInt64());
        var status = reader.ReadInt32();
        var freshness = new Freshness(new TimeSpan(reader.ReadInt64()), (FreshnessSource)reader.ReadByte());
        var date = new DateTimeOffset(reader.ReadInt64(), TimeSpan.Zero);
        var key = new CacheKey(ReadText(reader)!, ReadText(reader)!);
        var target = ReadText(reader)!;
        var partition = new CachePartition(ReadText(reader)!, ReadText(reader)!, ReadText(reader)!) { Query = ReadText(reader) };
        var fields = new KeyValuePair<string, StringValues>[reader.ReadInt32()];
        for (var i = 0; i < fields.Length; i++)
        {
            fields[i] = new(ReadText(reader)!, ReadList(reader));
        }

        var list = new FieldList(fields);
        var tags = ReadList(reader);
        var variant = VariantKey.OfParts(ReadList(reader)!, ReadList(reader), ReadText(reader));
        var part = reader.ReadBoolean()
            ? new StoredPart(new ContentRange(reader.ReadInt64(), reader.ReadInt64(), reader.ReadInt64() is var complete and >= 0 ? complete : null), reader.ReadInt64(), ReadText(reader)!)
            : null;
        var hasVariance = reader.ReadBoolean();
        return new CacheEntry
        {
            Serial = serial,
            Key = key,
            Target = target == key.Target ? key.Target : target,
            Partition = partition,
            Status = status,
            Fields = list,
            ReceivedAt = receivedAt,
            InitialAge = initialAge,
            Position = position,
            Tags = tags!,
            Variant = variant,
            SearchVariance = hasVariance ? SearchVariance.Parse(list["No-Vary-Search"]) : null,
            Part = part,
            Freshness = freshness,
            Control = ReadControl(reader),
            Date = date,
            EntityTag = EntityTag.Parse(list["ETag"].ToString()),
            LastModified = HttpDate.Parse(list["Last-Modified"].ToString(), receivedAt),
            Body = body,
        };
    }

    /// <summary>CRC-32C of some bytes, after those that led to <paramref name="before"/>.</summary>
    public static uint Checksum(ReadOnlySpan<byte> bytes, uint before = 0)
    {
        var check = ~before;
        for (; bytes.Length >= 8; bytes = bytes[8..])
        {
            check = BitOperations.Crc32C(check, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        }

        foreach (var one in bytes)
        {
            check = BitOperations.Crc32C(check, one);
        }

        return ~check;
    }

    private static void WriteControl(BinaryWriter writer, CacheControl control)
    {
        bool[] switches =
        [
            control.NoStore, control.NoCache, control.Private, control.Public, control.MustRevalidate, control.ProxyRevalidate, control.MustUnderstand,
            control.Immutable, control.OnlyIfCached, control.IsTargeted,
        ];
        foreach (var isOn in switches)
        {
            writer.Write(isOn);
        }

        foreach (var time in (TimeSpan?[])[control.MaxAge, control.SharedMaxAge, control.StaleWhileRevalidate, control.StaleIfError])
        {
            writer.Write(time?.Ticks ?? -1);
        }

        WriteList(writer, control.NoCacheFields);
        WriteList(writer, control.PrivateFields);
    }

    private static CacheControl ReadControl(BinaryReader reader) => new()
    {
        NoStore = reader.ReadBoolean(),
        NoCache = reader.ReadBoolean(),
        Private = reader.ReadBoolean(),
        Public = reader.ReadBoolean(),
        MustRevalidate = reader.ReadBoolean(),
        ProxyRevalidate = reader.ReadBoolean(),
        MustUnderstand = reader.ReadBoolean(),
        Immutable = reader.ReadBoolean(),
        OnlyIfCached = reader.ReadBoolean(),
        IsTargeted = reader.ReadBoolean(),
        MaxAge = ReadTime(reader),
        SharedMaxAge = ReadTime(reader),
        StaleWhileRevalidate = ReadTime(reader),
        StaleIfError = ReadTime(reader),
        NoCacheFields = ReadList(reader)!,
        PrivateFields = ReadList(reader)!,
    };

    private static TimeSpan? ReadTime(BinaryReader reader) => reader.ReadInt64() is var ticks and >= 0 ? new TimeSpan(ticks) : null;

    private static void WriteList(BinaryWriter writer, IReadOnlyList<string?> texts)
    {
        writer.Write(texts.Count);
        WriteTexts(writer, [.. texts]);
    }

    private static string?[] ReadList(BinaryReader reader)
    {
        var texts = new string?[reader.ReadInt32()];
        for (var i = 0; i < texts.Length; i++)
        {
            texts[i] = ReadText(reader);
        }

        return texts;
    }

    private static void WriteTexts(BinaryWriter writer, params string?[] texts)
    {
        foreach (var text in texts)
        {
            var bytes = text is null ? null : Encoding.UTF8.GetBytes(text);
            writer.Write(bytes?.Length ?? -1);
            writer.Write(bytes ?? []);
        }
    }

    private static string? ReadText(BinaryReader reader) => reader.ReadInt32() is var length and >= 0 ? Encoding.UTF8.GetString(reader.ReadBytes(length)) : null;
}
