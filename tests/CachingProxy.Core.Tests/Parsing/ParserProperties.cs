using System.Collections.Immutable;
using CachingProxy.Core.Entries;
using CachingProxy.Core.Keys;
using CachingProxy.Core.Parsing;
using CachingProxy.Core.StructuredFields;
using CachingProxy.TestKit;
using FsCheck;
using FsCheck.Fluent;

namespace CachingProxy.Core.Tests.Parsing;

/// <summary>No text throws a parser, and what is written is read again as it was.</summary>
public class ParserProperties
{
    private static readonly Config Thorough = Config.QuickThrowOnFailure.WithMaxTest(3000).WithQuietOnSuccess(true);
    private static readonly DateTimeOffset Now = FakeTimeProvider.Start;

    private static readonly Dictionary<string, Action<string>> Parsers = new()
    {
        ["Cache-Control"] = text => CacheControlParser.Parse(text),
        ["CDN-Cache-Control"] = text => ResponseDirectives.Parse(new FieldList([new("CDN-Cache-Control", text)])),
        ["No-Vary-Search"] = text => SearchVariance.Parse(text)?.Canonicalise("/x?" + text),
        ["Vary"] = text => VaryField.Parse(text),
        ["ETag"] = text => EntityTag.Parse(text),
        ["Range"] = text => RangeField.Parse(text)?.Select(range => range.Of(text.Length)).ToList(),
        ["Content-Range"] = text => ContentRange.Parse(text),
        ["Date"] = text => HttpDate.Parse(text, Now),
        ["Age"] = text => CurrentAge.Initial(text, null, Now, TimeSpan.Zero),
        ["Accept-Language"] = text => Preference.Parse(text),
        ["Accept-Encoding"] = text => SelectingField.Normalise("accept-encoding", text),
        ["Location"] = text => UriReference.Resolve(Some.Key(), text),
        ["an item"] = text => StructuredField.ParseItem(text),
        ["a list"] = text => StructuredField.ParseList(text),
        ["a dictionary"] = text => StructuredField.ParseDictionary(text),
    };

    public static TheoryData<string> Fields => [.. Parsers.Keys];

    [Theory]
    [MemberData(nameof(Fields))]
    public void AnyText_IsReadWithoutThrowing(string field) =>
        Prop.ForAll(
                Texts.ToArbitrary(),
                text =>
                {
                    Parsers[field](text);
                    return true;
                }
            )
            .Check(Thorough);

    [Fact]
    public void AnyDateThatIsFormatted_IsReadAgain_InAllThreeForms() =>
        Prop.ForAll(
                Dates.ToArbitrary(),
                date =>
                    HttpDate.Parse(HttpDate.Format(date), Now) == date
                    && HttpDate.Parse(
                        date.ToString("ddd MMM d HH:mm:ss yyyy", null)
                            .Replace(
                                date.ToString("MMM d ", null),
                                date.ToString("MMM ", null) + $"{date.Day, 2} ",
                                StringComparison.Ordinal
                            ),
                        Now
                    ) == date
                    && (
                        Math.Abs(date.Year - Now.Year) > 49
                        || HttpDate.Parse(date.ToString("dddd, dd-MMM-yy HH:mm:ss 'GMT'", null), Now) == date
                    )
            )
            .Check(Thorough);

    [Fact]
    public void AnyContentRangeThatIsWritten_IsReadAgain() =>
        Prop.ForAll(
                (
                    from first in Gen.Choose(0, 1000)
                    from length in Gen.Choose(1, 1000)
                    from complete in Gen.Elements<long?>(null, first + length, first + length + 7)
                    select new ContentRange(first, first + length - 1, complete)
                ).ToArbitrary(),
                range => ContentRange.Parse(range.ToString()) == range
            )
            .Check(Thorough);

    [Fact]
    public void AnyEntityTagThatIsWritten_IsReadAgain() =>
        Prop.ForAll<NonNull<string>, bool>(
                (text, isWeak) =>
                {
                    var tag = new EntityTag(text.Get.Replace("\"", "", StringComparison.Ordinal), isWeak);
                    return EntityTag.Parse(tag.ToString()) == tag;
                }
            )
            .Check(Thorough);

    [Fact]
    public void AnyStructuredFieldThatIsWritten_IsReadAgain() =>
        Prop.ForAll(
                Dictionaries.ToArbitrary(),
                dictionary =>
                    StructuredField.Serialize(dictionary) is not { } text
                    || (
                        StructuredField.ParseDictionary(text) is { } read
                        && StructuredField.Serialize(read) == text
                        && read.Length == dictionary.Length
                    )
            )
            .Check(Thorough);

    [Fact]
    public void NormalisingASelectingFieldTwice_ChangesNothingMore() =>
        Prop.ForAll(
                Texts.ToArbitrary(),
                text => SelectingField.Normalise("x-any", text) is var once && SelectingField.Normalise("x-any", once) == once
            )
            .Check(Thorough);

    [Fact]
    public void AQueryInItsCanonicalForm_IsEquivalentToItself() =>
        Prop.ForAll(
                Texts.ToArbitrary(),
                text =>
                {
                    var variance = SearchVariance.Parse("key-order, params=(\"a\")")!;
                    var canonical = variance.Canonicalise("/x?" + text);
                    return variance.Canonicalise(canonical) == canonical;
                }
            )
            .Check(Thorough);

    // Arbitrary text seldom gets past the first character of a parser; text made of what fields are made of does.
    private static Gen<string> Texts =>
        Gen.OneOf(
            ArbMap.Default.GeneratorFor<string?>().Select(text => text ?? ""),
            Gen.Elements(
                    "max-age",
                    "no-cache",
                    "private",
                    "=",
                    "\"",
                    ",",
                    ";",
                    " ",
                    "\t",
                    "(",
                    ")",
                    "?1",
                    "?0",
                    "@",
                    "%\"",
                    "%c3%bc",
                    ":",
                    "a",
                    "b",
                    "W/",
                    "*",
                    "-",
                    "bytes=",
                    "bytes ",
                    "0",
                    "1",
                    "10",
                    "99999999999999999999",
                    "/",
                    "q=",
                    ".",
                    "Fri, 02 Jan 2026 03:05:05 GMT",
                    "Friday, 02-Jan-26 03:05:05 GMT",
                    "Fri Jan  2 03:05:05 2026",
                    "en",
                    "gzip",
                    "key-order",
                    "params",
                    "except",
                    "&",
                    "%41",
                    "%",
                    "+",
                    "//",
                    "http://",
                    "\\",
                    "é",
                    "\u0000"
                )
                .ListOf()
                .Select(pieces => string.Concat(pieces))
        );

    private static Gen<DateTimeOffset> Dates =>
        Gen.Choose(0, 2_000_000_000).Select(seconds => DateTimeOffset.UnixEpoch.AddSeconds(seconds * 2L));

    private static Gen<BareItem> Items =>
        Gen.OneOf(
            ArbMap.Default.GeneratorFor<long>().Select(number => (BareItem)new BareItem.Integer(number)),
            ArbMap.Default.GeneratorFor<decimal>().Select(number => (BareItem)new BareItem.Decimal(number)),
            ArbMap.Default.GeneratorFor<NonNull<string>>().Select(text => (BareItem)new BareItem.String(text.Get)),
            ArbMap.Default.GeneratorFor<NonNull<string>>().Select(text => (BareItem)new BareItem.Token(text.Get)),
            ArbMap.Default.GeneratorFor<byte[]>().Select(bytes => (BareItem)new BareItem.ByteSequence([.. bytes])),
            ArbMap.Default.GeneratorFor<bool>().Select(value => (BareItem)new BareItem.Boolean(value)),
            ArbMap.Default.GeneratorFor<int>().Select(seconds => (BareItem)new BareItem.Date(seconds)),
            ArbMap.Default.GeneratorFor<NonNull<string>>().Select(text => (BareItem)new BareItem.DisplayString(text.Get))
        );

    private static Gen<StructuredMember.Item> ParameterisedItems =>
        from value in Items
        from keys in Gen.SubListOf("a", "b", "c_d", "*e")
        from parameters in Items.ArrayOf(keys.Count)
        select new StructuredMember.Item(value) { Parameters = [.. keys.Zip(parameters, KeyValuePair.Create)] };

    private static Gen<ImmutableArray<KeyValuePair<string, StructuredMember>>> Dictionaries =>
        from keys in Gen.SubListOf("a", "b1", "c-d", "*", "e.f")
        from members in Gen.OneOf(
                ParameterisedItems.Select(item => (StructuredMember)item),
                ParameterisedItems.ListOf().Select(items => (StructuredMember)new StructuredMember.InnerList([.. items]))
            )
            .ArrayOf(keys.Count)
        select keys.Zip(members, KeyValuePair.Create).ToImmutableArray();
}
