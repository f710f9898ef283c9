namespace CachingProxy.AspNetCore.Gate;

/// <summary>
/// Request fields in which any client can claim how a request came: who asked, by which name and scheme, for which path, with which method.
/// An origin that believes such a claim could be made to send a response that others get too. Therefore no such field from a client reaches
/// the origin. This is the one list, by kind. Names are compared without regard to case. The lists hold only the form with hyphens, since
/// many servers read an underscore as one: whoever calls <see cref="Contains"/> turns underscores into hyphens first.
/// </summary>
public static class ClaimedFields
{
    private const string ForwardedPrefix = "X-Forwarded-";

    private static readonly HashSet<string> ClientAddresses = new(StringComparer.OrdinalIgnoreCase)
    {
        "Forwarded",
        "X-Forwarded",
        "X-Real-IP",
        "Real-IP",
        "X-Client-IP",
        "Client-IP",
        "ClientIP",
        "Client-Address",
        "X-IP",
        "X-IP-Trail",
        "X-ProxyUser-IP",
        "X-Originating-IP",
        "X-Remote-IP",
        "Remote-Host",
        "X-Orig-Client",
        "X-Forward-For",
        "X-Forwarder-For",
        "X-Forwarded-By",
        "Forwarded-By",
        "Forwarded-For-IP",
        "CF-Pseudo-IPv4",
        "CF-IPCountry",
        "CloudFront-Viewer-Address",
        "X-Envoy-External-Address",
        "X-Appengine-User-IP",
        "X-Azure-SocketIP",
        "CDN-Src-IP",
        "RLNClientIPAddr",
        "X-Original-Client",
    };

    private static readonly string[] ClientAddressEndings =
    [
        "-Client-IP",
        "-ClientIP",
        "-Real-IP",
        "-Remote-Addr",
        "-Connecting-IP",
        "-Connecting-IPv6",
        "-Forwarded-For",
        "-Forwarded-For-Original",
        "-Client-Address",
    ];

    private static readonly HashSet<string> ClientAddressNames = new(StringComparer.OrdinalIgnoreCase) { "Remote-Addr", "Forwarded-For" };

    private static readonly HashSet<string> Hosts = new(StringComparer.OrdinalIgnoreCase)
    {
        "Host",
        "X-Host",
        "X-Original-Host",
        "X-Backend-Host",
        "X-Real-Host",
        "X-Client-Host",
        "X-Forward-Host",
        "X-Forwarded-Host",
        "Forwarded-Host",
        "Forwarded-Server",
        "Proxy-Host",
        "X-Host-Override",
        "X-HTTP-Host-Override",
        "Host-Override",
        "HTTP-Host",
        "Host-Name",
        "Host-LiveServer",
        "Server-Name",
        "X-Server-Name",
        "X-Envoy-Original-Host",
        "X-Amzn-Remapped-Host",
        "X-Subdomain",
        "SP-Host",
        "WWW-Address",
        "Proxy-Port",
        "Server-Port",
        "X-Server-Port",
        "X-Real-Port",
        "X-Vhost",
    };

    private static readonly HashSet<string> Schemes = new(StringComparer.OrdinalIgnoreCase)
    {
        "X-Scheme",
        "X-Url-Scheme",
        "X-Real-Scheme",
        "X-Client-Scheme",
        "X-Proto",
        "X-Forward-Proto",
        "Forwarded-Proto",
        "X-Originally-Forwarded-Proto",
        "CloudFront-Forwarded-Proto",
        "Front-End-Https",
        "X-Https",
        "Https",
        "HTTPS-From-LB",
        "X-SSL",
        "SSL",
        "SSL-Offloaded",
        "X-ARR-SSL",
        "X-NFSN-HTTPS",
        "X-Orchestra-Scheme",
        "X-Remote-Protocol",
        "Server-Port-Secure",
        "Server-Protocol",
        "CF-Visitor",
        "WL-Proxy-SSL",
        "X-Url-Port",
    };

    private static readonly HashSet<string> Targets = new(StringComparer.OrdinalIgnoreCase)
    {
        "X-Original-URL",
        "X-Original-URI",
        "X-Original-Path",
        "X-Original-HTTP-Command",
        "X-Rewrite-URL",
        "X-Rewrite-Path",
        "X-Override-URL",
        "X-Override-Path",
        "X-HTTP-Path-Override",
        "X-HTTP-DestinationURL",
        "X-Destination-URL",
        "Destination-URL",
        "Request-URI",
        "X-Request-URI",
        "X-Request-Path",
        "X-Ning-Request-URI",
        "URI",
        "X-URI",
        "URL",
        "X-URL",
        "X-Path",
        "HTTP-URL",
        "X-Cf-Url",
        "Unencoded-URL",
        "X-WAWS-Unencoded-URL",
        "Path",
        "Path-Info",
        "Orig-Path-Info",
        "Path-Translated",
        "Path-Base",
        "Context-Path",
        "Script-Name",
        "X-Script-Name",
        "Base-Url",
        "X-Base-Url",
        "Proxy-URL",
        "X-Proxy-Url",
        "Proxy-Request-FullURI",
        "X-Envoy-Original-Path",
        "X-Teamsite-Preremap",
        "Query-String",
        "QueryString",
        "X-Query-String",
        "X-Accel-Mapping",
        "X-Accel-Redirect",
        "X-Sendfile-Type",
        "X-Original-Query",
    };

    private static readonly HashSet<string> Methods = new(StringComparer.OrdinalIgnoreCase)
    {
        "X-HTTP-Method-Override",
        "X-HTTP-Method",
        "X-Method-Override",
        "X-Override-Method",
        "X-Original-Method",
        "X-Method",
        "X-Real-Method",
        "Real-Method",
        "Request-Method",
        "X-Ajax-Real-Method",
        "X-Request-Method",
        "HTTP-Method-Override",
        "Method-Override",
    };

    // CGI would turn it into the environment's HTTP_PROXY (CVE-2016-5385).
    private const string CgiProxy = "Proxy";

    /// <summary>Tells whether a field of this name claims how the request came, and is not passed on.</summary>
    public static bool Contains(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return name.StartsWith(ForwardedPrefix, StringComparison.OrdinalIgnoreCase)
            || IsOfClient(name)
            || Hosts.Contains(name)
            || Schemes.Contains(name)
            || Targets.Contains(name)
            || Methods.Contains(name)
            || name.Equals(CgiProxy, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>
    /// Returns true if proxies add a field of this name: a request with such a field has come through another proxy. An underscore counts
    /// as a hyphen.
    /// </summary>
    public static bool IsSignOfProxy(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        name = name.Contains('_', StringComparison.Ordinal) ? name.Replace('_', '-') : name;
        return name.StartsWith(ForwardedPrefix, StringComparison.OrdinalIgnoreCase)
            || name.Equals("Via", StringComparison.OrdinalIgnoreCase)
            || name.Equals("CDN-Loop", StringComparison.OrdinalIgnoreCase)
            || name.Equals("X-Original-Host", StringComparison.OrdinalIgnoreCase)
            || IsOfClient(name);
    }

    private static bool IsOfClient(string name) =>
        ClientAddresses.Contains(name)
        || ClientAddressNames.Contains(name)
        || ClientAddressEndings.Any(ending => name.EndsWith(ending, StringComparison.OrdinalIgnoreCase));
}
