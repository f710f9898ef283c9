using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace CachingProxy.Core.StructuredFields;

/// <summary>Writes the canonical form of RFC 9651 §4.1. Its methods return false where a value has no canonical form.</summary>
internal sealed class StructuredFieldWriter
{
    private readonly StringBuilder _text = new();

    public bool TryList(ImmutableArray<StructuredMember> list)
    {
        for (var i = 0; i < list.Length; i++)
        {
            _text.Append(i > 0 ? ", " : "");
            if (!TryMember(list[i]))
            {
                return false;
            }
        }

        return true;
    }

    public bool TryDictionary(ImmutableArray<KeyValuePair<string, StructuredMember>> dictionary)
    {
        for (var i = 0; i < dictionary.Length; i++)
        {
            var (key, member) = dictionary[i];
            _text.Append(i > 0 ? ", " : "");
            if (!TryKey(key))
            {
                return false;
            }

            // A member whose value is true is written as its key and parameters, without the value.
            var isWritten = member is StructuredMember.Item { Value: BareItem.Boolean(true) }
                ? TryParameters(member.Parameters)
                : Append('=') && TryMember(member);
            if (!isWritten)
            {
                return false;
            }
        }

        return true;
    }

    public bool TryMember(StructuredMember member) =>
        member switch
        {
            StructuredMember.Item(var value) => TryValue(value) && TryParameters(member.Parameters),
            StructuredMember.InnerList(var items) => TryInnerList(items) && TryParameters(member.Parameters),
            _ => false,
        };

    /// <inheritdoc/>
    public override string ToString() => _text.ToString();

    private bool TryInnerList(ImmutableArray<StructuredMember.Item> items)
    {
        _text.Append('(');
        for (var i = 0; i < items.Length; i++)
        {
            _text.Append(i > 0 ? " " : "");
            if (!TryMember(items[i]))
            {
                return false;
            }
        }

        return Append(')');
    }

    private bool TryParameters(ImmutableArray<KeyValuePair<string, BareItem>> parameters)
    {
        foreach (var (key, value) in parameters)
        {
            _text.Append(';');
            if (!TryKey(key) || (value is not BareItem.Boolean(true) && !(Append('=') && TryValue(value))))
            {
                return false;
            }
        }

        return true;
    }

    private bool TryKey(string key)
    {
        _text.Append(key);
        return StructuredFieldSyntax.IsKey(key);
    }

    private bool TryValue(BareItem value) =>
        value switch
        {
            BareItem.Integer(var number) => TryInteger(number),
            BareItem.Decimal(var number) => TryDecimal(number),
            BareItem.String(var text) => TryString(text),
            BareItem.Token(var token) => StructuredFieldSyntax.IsToken(token) && Append(token),
            BareItem.ByteSequence(var bytes) => Append($":{Convert.ToBase64String(bytes.AsSpan())}:"),
            BareItem.Boolean(var isTrue) => Append(isTrue ? "?1" : "?0"),
            BareItem.Date(var seconds) => Append('@') && TryInteger(seconds),
            BareItem.DisplayString(var text) => TryDisplayString(text),
            _ => false,
        };

    private bool TryInteger(long number) =>
        number is >= -StructuredFieldSyntax.MaxInteger and <= StructuredFieldSyntax.MaxInteger
        && Append(number.ToString(CultureInfo.InvariantCulture));

    // RFC 9651 §4.1.5: at least one and at most three digits after the point; a half is rounded to the even digit.
    private bool TryDecimal(decimal number)
    {
        var rounded = Math.Round(number, 3, MidpointRounding.ToEven);
        return rounded is >= -StructuredFieldSyntax.MaxDecimal and <= StructuredFieldSyntax.MaxDecimal
            && Append(rounded.ToString("0.0##", CultureInfo.InvariantCulture));
    }

    private bool TryString(string text)
    {
        _text
            .Append('"')
            .Append(text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal))
            .Append('"');
        return !text.AsSpan().ContainsAnyExceptInRange(' ', '~');
    }

    private bool TryDisplayString(string text)
    {
        _text.Append("%\"");
        foreach (var letter in Encoding.UTF8.GetBytes(text))
        {
            _ = letter is (byte)'%' or (byte)'"' or < 0x20 or > 0x7e
                ? _text.Append('%').Append(letter.ToString("x2", CultureInfo.InvariantCulture))
                : _text.Append((char)letter);
        }

        return Append('"');
    }

    private bool Append(char letter)
    {
        _text.Append(letter);
        return true;
    }

    private bool Append(string text)
    {
        _text.Append(text);
        return true;
    }
}
