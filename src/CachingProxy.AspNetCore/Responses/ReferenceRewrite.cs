using CachingProxy.AspNetCore.Gate;
using CachingProxy.Core.Keys;
using CachingProxy.Http.Targets;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace CachingProxy.AspNetCore.Responses;

/// <summary>
/// Rewrites references to the origin in the origin's own responses, so that the client comes back to this proxy: URI references in
/// <c>Location</c>, <c>Content-Location</c> and <c>Refresh</c> (RFC 9110 §10.2.2, §8.7), and <c>Path</c> and <c>Domain</c> of cookies (RFC
/// 6265 §5.2). In stored responses, the references stay as the origin sent them.
/// </summary>
/// <param name="Origin">The origin.</param>
/// <param name="ClientScheme">The scheme that the client used.</param>
/// <param name="Client">The client's request, with the host that the client named and the host that the origin was given.</param>
internal readonly record struct ReferenceRewrite(OriginBase Origin, string ClientScheme, GuardedRequest Client)
{
    /// <summary>Rewrites the fields of a response that is about to be sent.</summary>
    public void Apply(IHeaderDictionary fields)
    {
        if (fields.Location is { Count: 1 } location)
        {
            fields.Location = Reference(location[0]!);
        }

        if (fields["Content-Location"] is { Count: 1 } contentLocation)
        {
            fields["Content-Location"] = Reference(contentLocation[0]!);
        }

        if (fields["Refresh"] is { Count: 1 } refresh)
        {
            fields["Refresh"] = Refresh(refresh[0]!);
        }

        if (fields.SetCookie is { Count: > 0 } cookies)
        {
            fields.SetCookie = new StringValues([.. cookies.Select(Cookie)]);
        }
    }

    /// <summary>
    /// Returns a URI reference with the path at which clients of this proxy find its target. Does so only for a reference that has exactly
    /// the origin's scheme, host and port, or the client's own host, or no host, and that is on or below the base path. Returns every other
    /// reference as it is.
    /// </summary>
    public string Reference(string reference)
    {
        ArgumentNullException.ThrowIfNull(reference);
        if (reference.AsSpan().ContainsAnyExceptInRange('!', '~'))
        {
            // Browsers ignore tabs, and so could read a different reference from the one that this code reads.
            return reference;
        }

        var end = reference.IndexOf('#', StringComparison.Ordinal) is var fragment and >= 0 ? fragment : reference.Length;
        var path = 0;
        var kept = "";
        if (!reference.StartsWith('/') || reference.StartsWith("//", StringComparison.Ordinal))
        {
            var authority = reference.IndexOf("//", StringComparison.Ordinal) + 2;
            var before = authority < 2 || authority > end ? null : reference[..(authority - 2)].ToLowerInvariant();
            if (before is not ("" or "http:" or "https:"))
            {
                return reference;
            }

            var scheme = before.TrimEnd(':');

            path = reference.AsSpan(authority, end - authority).IndexOfAny("/?\\") is var length and >= 0 ? authority + length : end;
            if (PrefixFor(scheme, reference[authority..path]) is not { } prefix)
            {
                return reference;
            }

            kept = prefix;
        }

        var target = reference[path..end];
        target = target.StartsWith('/') ? target : "/" + target;
        if (!Origin.Contains(target))
        {
            return reference;
        }

        // Two slashes, or what browsers take for them, would begin the name of another host.
        var below = Origin.WithoutBase(target);
        return kept.Length == 0 && below.Length > 1 && below[1] is '/' or '\\'
            ? reference
            : string.Concat(kept, below, reference.AsSpan(end));
    }

    // Returns the scheme and host that stay in front of the path; null where the reference leads elsewhere. A reference to our own host
    // under another scheme keeps scheme and host: otherwise an origin that sends its clients from http to https would send them round in a
    // loop.
    private string? PrefixFor(string scheme, string authority)
    {
        var ofOrigin = scheme.Length > 0 ? scheme : Origin.Url.Scheme;
        if ($"{ofOrigin}://{UriNormalization.NormaliseHost(ofOrigin, authority)}" == Origin.Authority)
        {
            return "";
        }

        var ofClient = scheme.Length > 0 ? scheme : ClientScheme;
        var host = UriNormalization.NormaliseHost(ofClient, authority);
        if (host != Client.Host && host != Client.KeyHost)
        {
            return null;
        }

        if (ofClient == ClientScheme)
        {
            return "";
        }

        return $"{scheme}://{authority}";
    }

    // 5; url=https://origin.test/x, with or without url=, the URL in quotes or not.
    private string Refresh(string value)
    {
        var separator = value.AsSpan().IndexOfAny(';', ',');
        if (separator < 0)
        {
            return value;
        }

        var rest = value[(separator + 1)..].Trim();
        var name = rest.StartsWith("url=", StringComparison.OrdinalIgnoreCase) ? rest[..4] : "";
        var reference = rest[name.Length..].Trim();
        var quote = reference.Length > 1 && reference[0] is '"' or '\'' && reference[^1] == reference[0] ? reference[..1] : "";
        return $"{value[..(separator + 1)]} {name}{quote}{Reference(reference[quote.Length..^quote.Length])}{quote}";
    }

    private string? Cookie(string? cookie)
    {
        if (cookie is null || !cookie.Contains(';', StringComparison.Ordinal))
        {
            return cookie;
        }

        var attributes = new List<string>();
        foreach (var attribute in cookie.Split(';'))
        {
            var (name, value) = attribute.Split('=', 2) is [var before, var after] ? (before.Trim(), after.Trim()) : ("", "");
            if (
                attributes.Count > 0
                && name.Equals("Path", StringComparison.OrdinalIgnoreCase)
                && value.StartsWith('/')
                && Origin.Contains(value)
            )
            {
                attributes.Add($" Path={Origin.WithoutBase(value)}");
            }
            else if (attributes.Count == 0 || !name.Equals("Domain", StringComparison.OrdinalIgnoreCase) || IsOfClient(value))
            {
                attributes.Add(attribute);
            }
        }

        return string.Join(';', attributes);
    }

    // Tells whether the client's host matches a Domain (RFC 6265 §5.1.3). A cookie without Domain is for the host that the client named.
    private bool IsOfClient(string domain)
    {
        domain = domain.TrimStart('.');
        var host = UriNormalization.WithoutPort(Client.Host);
        return host.Equals(domain, StringComparison.OrdinalIgnoreCase)
            || (host.EndsWith(domain, StringComparison.OrdinalIgnoreCase) && host[^(domain.Length + 1)] == '.');
    }
}
