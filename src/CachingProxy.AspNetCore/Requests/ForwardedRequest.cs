using CachingProxy.AspNetCore.Gate;
using CachingProxy.AspNetCore.Responses;
using CachingProxy.Core.Keys;
using CachingProxy.Core.Messages;
using CachingProxy.Core.Parsing;
using CachingProxy.Http.Targets;
using CachingProxy.Http.Upstream;
using Microsoft.Extensions.Primitives;

namespace CachingProxy.AspNetCore.Requests;

/// <summary>A request to the face of the reverse proxy, which goes to the origin under the client's own path.</summary>
internal sealed class ForwardedRequest : CacheRequest
{
    private readonly Exchange _exchange;
    private readonly GuardedRequest _guarded;
    private readonly OriginBase _base;
    private readonly string _via;
    private readonly QueryContent? _query;
    private readonly ClientLimits? _limits;
    private InterimWriter? _interims;
    private FieldList? _forwarded;
    private SelectingRequestFields? _selecting;

    /// <param name="exchange">The request as the server represents it.</param>
    /// <param name="guarded">Its canonical target and host.</param>
    /// <param name="face">The face that received the request.</param>
    /// <param name="origin">The origin's base URL, which precedes the client's path.</param>
    /// <param name="originFields">The fields that the operator adds to every request.</param>
    /// <param name="key">The upstream URI.</param>
    /// <param name="via">Our name in <c>Via</c>.</param>
    /// <param name="query">The content, where it was read for the key.</param>
    /// <param name="limits">The limits of clients; null where there are none.</param>
    public ForwardedRequest(
        Exchange exchange,
        GuardedRequest guarded,
        CacheFace face,
        OriginBase origin,
        OriginFields originFields,
        CacheKey key,
        string via,
        QueryContent? query,
        ClientLimits? limits
    )
        : base(
            face,
            exchange.Method,
            key,
            new CachePartition(face.PartitionName, exchange.Scheme, guarded.KeyHost) { Query = query?.Digest }
        )
    {
        _exchange = exchange;
        _guarded = guarded;
        _base = origin;
        OriginFields = originFields;
        _via = via;
        _query = query;
        _limits = limits;
        Fields = new HttpRequestFields(exchange.RequestHeaders, face.Policy.StripCookies, originFields);
    }

    /// <inheritdoc/>
    public override IFields Fields { get; }

    /// <inheritdoc/>
    public override IFields SelectingFields => _selecting ??= new SelectingRequestFields(this);

    /// <inheritdoc/>
    public override bool HasContent => _exchange.HasContent;

    /// <inheritdoc/>
    public override bool IsLimited => _limits is not null;

    /// <inheritdoc/>
    public override ValueTask<OriginException?> AdmitAsync(bool needsOrigin) => _limits!.AdmitAsync(_exchange, needsOrigin);

    /// <inheritdoc/>
    public override Action<InterimResponse>? OnInterim
    {
        get
        {
            _interims ??= InterimWriter.For(_exchange);
            return _interims is null ? null : _interims.Write;
        }
    }

    /// <summary>The fields that the operator adds to every request.</summary>
    public OriginFields OriginFields { get; }

    /// <summary>The fields as they go to the origin.</summary>
    public FieldList Forwarded =>
        _forwarded ??= OriginFields.ApplyTo(ForwardedFields.Of(_exchange, _guarded, Face.Policy.StripCookies, _via));

    /// <inheritdoc/>
    public override IEnumerable<CacheKey> ResolveClientReference(Uri reference)
    {
        ArgumentNullException.ThrowIfNull(reference);
        var host = UriNormalization.NormaliseHost(reference.Scheme, reference.Authority);
        return host == _guarded.Host || host == _guarded.KeyHost ? _base.KeysOfClientPath(reference.PathAndQuery) : [];
    }

    /// <inheritdoc/>
    public override OriginRequest CreateOriginRequest() =>
        new(Method, Key, Forwarded)
        {
            Content = _query switch
            {
                { Length: > 0 } => _query.Open(),
                null when HasContent => _exchange.Content,
                _ => null,
            },
            IsOfOneUser = HasOwnCredentials(),
            ExpectsContinue = _query is null && _exchange.RequestHeaders.Expect.Count > 0,
            ContentLength = _query?.Length ?? _exchange.RequestHeaders.ContentLength,
        };

    // Fields excludes the client's credentials that the operator's fields replace.
    private bool HasOwnCredentials()
    {
        var fields = new List<KeyValuePair<string, StringValues>>();
        Fields.CopyTo(fields);
        return fields.Exists(field =>
            field.Key.Equals("Authorization", StringComparison.OrdinalIgnoreCase) || CredentialFields.Contains(field.Key)
        );
    }

    /// <summary>Ends the interim responses, because the response begins.</summary>
    public Task EndInterimsAsync() => _interims?.CloseAsync() ?? Task.CompletedTask;
}
