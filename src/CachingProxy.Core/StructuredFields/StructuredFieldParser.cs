using System.Collections.Immutable;

namespace CachingProxy.Core.StructuredFields;

/// <summary>Reads the structure of a field, following RFC 9651 §4.2 step by step. <see cref="BareItemParser"/> reads the values.</summary>
internal ref struct StructuredFieldParser
{
    private ReadOnlySpan<char> _rest;

    public StructuredFieldParser(string text) => _rest = text.AsSpan().TrimStart(' ');

    /// <summary>Tells whether nothing but blanks is left.</summary>
    public readonly bool TryEnd() => _rest.TrimStart(' ').IsEmpty;

    /// <summary>Reads a list (RFC 9651 §4.2.1).</summary>
    public bool TryList(out ImmutableArray<StructuredMember> members)
    {
        var list = ImmutableArray.CreateBuilder<StructuredMember>();
        var isRead = TryMembers(
            ref this,
            list,
            static (ref parser, list) =>
            {
                if (!parser.TryItemOrInnerList(out var member))
                {
                    return false;
                }

                list.Add(member);
                return true;
            }
        );
        members = list.ToImmutable();
        return isRead;
    }

    /// <summary>Reads a dictionary (RFC 9651 §4.2.2).</summary>
    public bool TryDictionary(out ImmutableArray<KeyValuePair<string, StructuredMember>> members)
    {
        var dictionary = new OrderedDictionary<string, StructuredMember>();
        var isRead = TryMembers(
            ref this,
            dictionary,
            static (ref parser, dictionary) =>
            {
                if (!parser.TryKey(out var key))
                {
                    return false;
                }

                StructuredMember? member;
                if (parser.TrySkip('='))
                {
                    if (!parser.TryItemOrInnerList(out member))
                    {
                        return false;
                    }
                }
                else if (parser.TryParameters(out var parameters))
                {
                    member = new StructuredMember.Item(BareItem.True) { Parameters = parameters };
                }
                else
                {
                    return false;
                }

                dictionary[key] = member;
                return true;
            }
        );
        members = [.. dictionary];
        return isRead;
    }

    /// <summary>Reads an item with its parameters (RFC 9651 §4.2.3).</summary>
    public bool TryItem(out StructuredMember.Item item)
    {
        item = null!;
        if (!BareItemParser.TryRead(ref _rest, out var value) || !TryParameters(out var parameters))
        {
            return false;
        }

        item = new StructuredMember.Item(value) { Parameters = parameters };
        return true;
    }

    private delegate bool MemberReader<in T>(ref StructuredFieldParser parser, T into);

    private static bool TryMembers<T>(ref StructuredFieldParser parser, T into, MemberReader<T> read)
    {
        while (!parser._rest.IsEmpty)
        {
            if (!read(ref parser, into))
            {
                return false;
            }

            parser._rest = parser._rest.TrimStart(" \t");
            if (parser._rest.IsEmpty)
            {
                return true;
            }

            if (!parser.TrySkip(','))
            {
                return false;
            }

            // A comma at the end is an error, since no member follows it.
            parser._rest = parser._rest.TrimStart(" \t");
            if (parser._rest.IsEmpty)
            {
                return false;
            }
        }

        return true;
    }

    private bool TryItemOrInnerList(out StructuredMember member)
    {
        if (_rest.StartsWith('('))
        {
            return TryInnerList(out member);
        }

        var isRead = TryItem(out var item);
        member = item;
        return isRead;
    }

    private bool TryInnerList(out StructuredMember list)
    {
        list = null!;
        var items = ImmutableArray.CreateBuilder<StructuredMember.Item>();
        _rest = _rest[1..];
        while (true)
        {
            _rest = _rest.TrimStart(' ');
            if (TrySkip(')'))
            {
                if (!TryParameters(out var parameters))
                {
                    return false;
                }

                list = new StructuredMember.InnerList(items.ToImmutable()) { Parameters = parameters };
                return true;
            }

            if (!TryItem(out var item) || _rest.IsEmpty || _rest[0] is not (' ' or ')'))
            {
                return false;
            }

            items.Add(item);
        }
    }

    private bool TryParameters(out ImmutableArray<KeyValuePair<string, BareItem>> parameters)
    {
        parameters = [];
        if (!_rest.StartsWith(';'))
        {
            return true;
        }

        var read = new OrderedDictionary<string, BareItem>();
        while (TrySkip(';'))
        {
            _rest = _rest.TrimStart(' ');
            if (!TryKey(out var key))
            {
                return false;
            }

            var value = BareItem.True;
            if (TrySkip('=') && !BareItemParser.TryRead(ref _rest, out value))
            {
                return false;
            }

            read[key] = value;
        }

        parameters = [.. read];
        return true;
    }

    private bool TryKey(out string key)
    {
        key = "";
        if (_rest.IsEmpty || !(char.IsAsciiLetterLower(_rest[0]) || _rest[0] == '*'))
        {
            return false;
        }

        var end = _rest.IndexOfAnyExcept(StructuredFieldSyntax.KeyCharacters);
        key = (end < 0 ? _rest : _rest[..end]).ToString();
        _rest = _rest[key.Length..];
        return true;
    }

    private bool TrySkip(char expected)
    {
        if (!_rest.StartsWith(expected))
        {
            return false;
        }

        _rest = _rest[1..];
        return true;
    }
}
