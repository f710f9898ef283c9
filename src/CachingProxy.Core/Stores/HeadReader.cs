using System.Buffers.Binary;
using System.Text;

namespace CachingProxy.Core.Stores;

/// <summary>
/// Reads numbers and texts out of bytes that may hold anything. Takes memory in proportion to the size of these bytes, whatever counts and
/// lengths they state. For one caller at a time.
/// </summary>
/// <remarks>Every member throws <see cref="InvalidDataException"/> where the bytes end too early or hold an impossible value.</remarks>
internal sealed class HeadReader(ReadOnlyMemory<byte> bytes)
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private ReadOnlyMemory<byte> _rest = bytes;

    /// <summary>True if all bytes have been read.</summary>
    public bool IsAtEnd => _rest.IsEmpty;

    public byte ReadByte() => Take(1)[0];

    public bool ReadBoolean() =>
        ReadByte() switch
        {
            0 => false,
            1 => true,
            _ => throw Invalid(),
        };

    public int ReadInt32() => BinaryPrimitives.ReadInt32LittleEndian(Take(4));

    public long ReadInt64() => BinaryPrimitives.ReadInt64LittleEndian(Take(8));

    /// <summary>Reads a moment, in ticks of UTC.</summary>
    public DateTimeOffset ReadMoment() =>
        ReadInt64() is var ticks && ticks >= DateTime.MinValue.Ticks && ticks <= DateTime.MaxValue.Ticks
            ? new(ticks, TimeSpan.Zero)
            : throw Invalid();

    /// <summary>Reads a duration in ticks, from 0 to a thousand years.</summary>
    public TimeSpan ReadDuration() =>
        new TimeSpan(ReadInt64()) is var time && time >= TimeSpan.Zero && time <= MaxDuration ? time : throw Invalid();

    /// <summary>Reads the count of a list whose items take at least four bytes each.</summary>
    public int ReadCount() => ReadInt32() is var count and >= 0 && count <= _rest.Length / 4 ? count : throw Invalid();

    public string ReadText() => ReadTextOrNone() ?? throw Invalid();

    /// <summary>Reads a text; null where there is none.</summary>
    public string? ReadTextOrNone()
    {
        var length = ReadInt32();
        return length == -1 ? null : Utf8.GetString(Take(length));
    }

    public string[] ReadTexts()
    {
        var texts = new string[ReadCount()];
        for (var i = 0; i < texts.Length; i++)
        {
            texts[i] = ReadText();
        }

        return texts;
    }

    /// <summary>Reads a list in which texts may be missing.</summary>
    public string?[] ReadTextsOrNone()
    {
        var texts = new string?[ReadCount()];
        for (var i = 0; i < texts.Length; i++)
        {
            texts[i] = ReadTextOrNone();
        }

        return texts;
    }

    // A thousand years: today plus such a duration is still a valid moment.
    private static readonly TimeSpan MaxDuration = TimeSpan.FromDays(365_000);

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count < 0 || count > _rest.Length)
        {
            throw Invalid();
        }

        var taken = _rest.Span[..count];
        _rest = _rest[count..];
        return taken;
    }

    private static InvalidDataException Invalid() => new("The head cannot be read.");
}
