using System.Buffers.Binary;
using System.Numerics;
using System.Text;
using CachingProxy.Core.Entries;
using CachingProxy.Core.Keys;
using CachingProxy.Core.Parsing;
using Microsoft.Extensions.Primitives;

namespace CachingProxy.Core.Stores;

/// <summary>
/// Writes and reads the head of an entry, everything but its content, for stores outside this process. A head that cannot be read, for
/// whatever reason, counts as absent: the store may be damaged, or belong to another program or to an attacker. Safe for any number of
/// threads.
/// </summary>
/// <remarks>
/// <code>
/// version  1 byte (2) serial, epoch, number, received (UTC ticks), initial age (ticks)          8 bytes each status  4 bytes lifetime
/// (ticks) 8 bytes, source of the lifetime 1 byte, date (UTC ticks) 8 bytes length of the content  8 bytes key: authority, target; target
/// of the request; partition: face, scheme, host, query   texts fields: count 4 bytes, then each: name, lines as a list tags  list variant:
/// names, values  lists; language, codings  texts part: 0; or 1, then first, last, complete (-1: unknown), length 8 bytes each; asked text
/// whether No-Vary-Search is heeded  1 byte control: eleven switches 1 byte each, four durations (ticks; -1: none) 8 bytes each, two lists
/// of names CRC-32C of all bytes above  4 bytes
/// </code>
/// Numbers are little-endian. A text is its length in bytes (4 bytes; -1: none) and its UTF-8 bytes; a list is a count (4 bytes) and texts.
/// </remarks>
public static class EntryFormat
{
    private const byte Version = 2;

    /// <summary>Writes the head of an entry, with the length of its content.</summary>
    public static byte[] Write(CacheEntry entry, long contentLength)
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
        writer.Write(contentLength);
        WriteTexts(
            writer,
            entry.Key.Authority,
            entry.Key.Target,
            entry.Target,
            entry.Partition.Face,
            entry.Partition.ClientScheme,
            entry.Partition.ClientHost,
            entry.Partition.Query
        );
        writer.Write(entry.Fields.Count);
        foreach (var (name, values) in entry.Fields)
        {
            WriteTexts(writer, name);
            WriteList(writer, values);
        }

        WriteList(writer, entry.Tags);
        var variant = entry.Variant.Parts;
        WriteList(writer, variant.Names);
        WriteList(writer, variant.Values);
        WriteTexts(writer, variant.Language, variant.Codings);
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

    /// <summary>
    /// Reads a head into an entry without its content. Returns null where the head cannot be read, or has values that this program does not
    /// write. Never throws.
    /// </summary>
    public static StoredHead? Read(ReadOnlyMemory<byte> bytes)
    {
        var span = bytes.Span;
        if (span.Length < 5 || span[0] != Version || Checksum(span[..^4]) != BinaryPrimitives.ReadUInt32LittleEndian(span[^4..]))
        {
            return null;
        }

        try
        {
            var reader = new HeadReader(bytes[1..^4]);
            var head = Read(reader);
            return reader.IsAtEnd && IsServable(head) ? head : null;
        }
        catch (Exception failure) when (failure is InvalidDataException or ArgumentException)
        {
            // The checksum is right, but the head was not written by us.
            return null;
        }
    }

    /// <summary>
    /// Returns the checksum of a piece of an entry's content. The checksum covers the serial and the number as well, so that swapped pieces
    /// are detected.
    /// </summary>
    /// <param name="serial">The serial of the entry.</param>
    /// <param name="number">The number of the piece, from 0; -1 for content in one piece.</param>
    /// <param name="content">The bytes of the piece.</param>
    public static uint ContentChecksum(long serial, int number, ReadOnlySpan<byte> content)
    {
        Span<byte> whose = stackalloc byte[12];
        BinaryPrimitives.WriteInt64LittleEndian(whose, serial);
        BinaryPrimitives.WriteInt32LittleEndian(whose[8..], number);
        return Checksum(content, Checksum(whose));
    }

    /// <summary>Returns the CRC-32C of bytes, continuing the checksum <paramref name="before"/>.</summary>
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

    private static StoredHead Read(HeadReader reader)
    {
        var serial = reader.ReadInt64();
        var position = new LogPosition(reader.ReadInt64(), reader.ReadInt64());
        var receivedAt = reader.ReadMoment();
        var initialAge = reader.ReadDuration();
        var status = reader.ReadInt32();
        var freshness = new Freshness(reader.ReadDuration(), (FreshnessSource)reader.ReadByte());
        var date = reader.ReadMoment();
        var contentLength = reader.ReadInt64();
        var key = new CacheKey(reader.ReadText(), reader.ReadText());
        var target = reader.ReadText();
        var partition = new CachePartition(reader.ReadText(), reader.ReadText(), reader.ReadText()) { Query = reader.ReadTextOrNone() };
        var fields = new KeyValuePair<string, StringValues>[reader.ReadCount()];
        for (var i = 0; i < fields.Length; i++)
        {
            fields[i] = new(reader.ReadText(), reader.ReadTexts());
        }

        var list = new FieldList(fields);
        var tags = reader.ReadTexts();
        var variant = VariantKey.OfParts(
            new(reader.ReadTexts(), reader.ReadTextsOrNone(), reader.ReadTextOrNone(), reader.ReadTextOrNone())
        );
        var part = reader.ReadBoolean()
            ? new StoredPart(
                new ContentRange(reader.ReadInt64(), reader.ReadInt64(), reader.ReadInt64() is var complete and >= 0 ? complete : null),
                reader.ReadInt64(),
                reader.ReadText()
            )
            : null;
        var hasVariance = reader.ReadBoolean();
        var entry = new CacheEntry
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
            Tags = tags,
            Variant = variant,
            SearchVariance = hasVariance ? SearchVariance.Parse(list["No-Vary-Search"]) : null,
            Part = part,
            Freshness = freshness,
            Control = ReadControl(reader),
            Date = date,
            EntityTag = EntityTag.Parse(list["ETag"].ToString()),
            LastModified = HttpDate.Parse(list["Last-Modified"].ToString(), receivedAt),
        };
        return new StoredHead(entry, contentLength);
    }

    // Repeats on a stored response the checks made on an origin's response.
    private static bool IsServable(StoredHead head)
    {
        var (entry, length) = head;
        return entry.Status is >= 200 and <= 599
            && length >= 0
            && entry.ReceivedAt.Year is > 1970 and < 3000
            && Enum.IsDefined(entry.Freshness.Source)
            && entry.Fields.All(field => FieldSyntax.IsToken(field.Key) && field.Value.All(line => FieldSyntax.IsValue(line)))
            && entry.Variant.Parts is { } variant
            && variant.Names.Count == variant.Values.Count
            && (
                entry.Part is not { } part
                || (
                    part.Length == length
                    && part.Stated.First >= 0
                    && part.Stated.Last >= part.Stated.First
                    && part.Length <= part.Stated.Length
                )
            );
    }

    private static void WriteControl(BinaryWriter writer, CacheControl control)
    {
        bool[] switches =
        [
            control.NoStore,
            control.NoCache,
            control.Private,
            control.Public,
            control.MustRevalidate,
            control.ProxyRevalidate,
            control.MustUnderstand,
            control.Immutable,
            control.OnlyIfCached,
            control.IsTargeted,
            control.IsMalformed,
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

    private static CacheControl ReadControl(HeadReader reader) =>
        new()
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
            IsMalformed = reader.ReadBoolean(),
            MaxAge = ReadTime(reader),
            SharedMaxAge = ReadTime(reader),
            StaleWhileRevalidate = ReadTime(reader),
            StaleIfError = ReadTime(reader),
            NoCacheFields = reader.ReadTexts(),
            PrivateFields = reader.ReadTexts(),
        };

    private static TimeSpan? ReadTime(HeadReader reader) => reader.ReadInt64() is var ticks and >= 0 ? new TimeSpan(ticks) : null;

    private static void WriteList(BinaryWriter writer, IReadOnlyList<string?> texts)
    {
        writer.Write(texts.Count);
        WriteTexts(writer, [.. texts]);
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
}
