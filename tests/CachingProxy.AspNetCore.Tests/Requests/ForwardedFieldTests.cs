using System.Text.RegularExpressions;
using CachingProxy.TestKit;

namespace CachingProxy.AspNetCore.Tests.Requests;

/// <summary>
/// C14: the request fields that attackers try, by the names of param-miner's list and some more. Each is removed, or stands in docs/forwarded-fields.md among those that
/// reach the origin without being part of the key.
/// </summary>
public partial class ForwardedFieldTests
{
    private const string Tried = """
        Accept Accept-Charset Accept-Encoding Accept-Language Access-Control-Request-Headers Access-Control-Request-Method Alt-Used
        Authorization Cache-Control Contact Content-Disposition Content-Language Content-Location Cookie Cookie2 DNT Date Destination ETag
        Expires Forwarded From If-Modified-Since-Version If-None-Match If-Range Keep-Alive Last-Event-ID Last-Modified Location Origin
        Pragma Profile Proxy-Authorization Referer Server Set-Cookie Surrogate-Capability TE Trailer Upgrade-Insecure-Requests User-Agent
        Vary Warning X-Forwarded-For X-Forwarded-Host X-Forwarded-Proto X-Forwarded-Port X-Forwarded-Protocol X-Forwarded-Ssl
        X-Forwarded-Server X-Forwarded-Scheme X-Forwarded-Prefix X-Forwarded-By X-Forwarded-For-Original Front-End-Https X-Url-Scheme
        X-Cluster-Client-IP Proxy-Host X-Wap-Profile X-Original-URL X-Rewrite-URL X-HTTP-DestinationURL Proxy-Connection X-UIDH
        True-Client-IP Request-URI ORIG_PATH_INFO Client-IP X-Real-IP X-Originating-IP CF-IPCountry CF-Visitor CF-Connecting-IP REMOTE-ADDR
        REMOTE-HOST REMOTE-USER REQUEST-METHOD SCRIPT-NAME PATH-INFO UNENCODED-URL X-ARR-SSL X-ARR-LOG-ID SOAPAction X-Original-HTTP-Command
        X-Server-Name X-Server-Port Query-String AUTH-TYPE AUTH-USER CONTEXT-PATH GATEWAY-INTERFACE HTTP-HOST HTTP-URL HTTP-USER-AGENT
        LOCAL-ADDR PATH-TRANSLATED SERVER-NAME SERVER-PORT SERVER-PORT-SECURE SERVER-PROTOCOL CloudFront-Viewer-Country X-Scheme X-Cascade
        X-HTTP-Method-Override X-HTTP-Path-Override X-HTTP-Host-Override X-HTTP-Method X-Method-Override X-Cf-Url PHP-Auth-User
        Proxy-Request-FullURI BASE-URL CLIENT-ADDRESS CLIENTIP FASTLY-CLIENT-IP FORWARDED-PROTO FORWARDED-FOR-IP HOST-NAME HOST-LIVESERVER
        H0ST HTTP-AUTHORIZATION HTTPS HTTPS-FROM-LB INCAP-CLIENT-IP IV-USER ON-BEHALF-OF OVERWRITE PATH PATH-BASE PREFER PROXY PROXY-AGENT
        PROXY-PORT PROXY-URL QUERYSTRING REAL-IP REAL-METHOD RLNCLIENTIPADDR SEC-FETCH-SITE SEC-GPC SP-HOST SSL SSL-OFFLOADED TRANSLATE URI
        URL USER-AGENT-VIA WWW-ADDRESS X-AJAX-REAL-METHOD X-ACCEL-MAPPING X-AMZN-REMAPPED-HOST X-API-KEY X-API-SIGNATURE X-AUTH-TOKEN
        X-AUTH-USER X-AZC-REMOTE-ADDR X-AZURE-CLIENTIP X-BACKEND-HOST X-BASE-URL X-BLUECOAT-VIA X-CISCO-BBSM-CLIENTIP X-CLIENT-HOST
        X-CLIENT-IP X-CLIENTIP X-CSRF-TOKEN X-CUSTOM X-DEBUG-TEST X-DEVICE X-DO-NOT-TRACK X-ENVOY-ORIGINAL-PATH X-ENVOY-EXTERNAL-ADDRESS
        X-FB-USER-REMOTE-ADDR X-FORWARD-FOR X-FORWARD-PROTO X-FORWARDER-FOR X-FROM X-GEOIP-COUNTRY X-HOST X-HTTPS X-IP X-IP-TRAIL
        X-KALTURA-REMOTE-ADDR X-NFSN-HTTPS X-NING-REQUEST-URI X-ORCHESTRA-SCHEME X-ORIG-CLIENT X-ORIGINAL-HOST X-ORIGINAL-METHOD
        X-ORIGINAL-REMOTE-ADDR X-ORIGINALLY-FORWARDED-FOR X-ORIGINALLY-FORWARDED-PROTO X-OVERRIDE-URL X-PJAX X-PROXY-URL X-PROXYUSER-IP
        X-PURPOSE X-REMOTE-ADDR X-REMOTE-IP X-REMOTE-PROTOCOL X-REQUEST-ID X-REQUEST-START X-REQUESTED-WITH X-SAKURA-FORWARDED-FOR
        X-SENDFILE-TYPE X-SSL X-SUBDOMAIN X-TEAMSITE-PREREMAP X-UA-DEVICE X-USER-AGENT X-VARNISH X-WAP-NETWORK-CLIENT-IP X-XHR-REFERER
        XXX-REAL-IP
        """;

    [Fact]
    public async Task C14_EveryFieldThatReachesTheOrigin_IsInTheDocument_AndNoOther()
    {
        await using var origin = new FakeOrigin(request => FakeOrigin.Response(request.Head, "Cache-Control: max-age=60"));
        await using var proxy = await TestProxy.StartAsync(origin);
        var arrived = new List<string>();
        foreach (
            var name in Tried.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries).Select(name => name.ToLowerInvariant())
        )
        {
            var value = name switch
            {
                "te" => "deflate",
                "if-range" or "if-none-match" or "etag" => "\"v4lu3\"",
                _ => "v4lu3",
            };
            var answer = await proxy.ExchangeAsync(proxy.Raw("GET", $"/{name}", $"{name}: {value}", "Connection: close"));
            Assert.Matches("^HTTP/1.1 (200|400) ", answer);
            if (
                answer.StartsWith("HTTP/1.1 200 ", StringComparison.Ordinal)
                && answer.Contains($"{name}: {value}", StringComparison.OrdinalIgnoreCase)
            )
            {
                arrived.Add(name);
            }
        }

        var document = File.ReadAllText(Path.Combine(Repository.Root, "docs", "forwarded-fields.md"));
        Assert.Equal(Names().Matches(document).Select(match => match.Groups[1].Value.ToLowerInvariant()).Order(), arrived.Order());
    }

    [GeneratedRegex("^- `([^`]+)`", RegexOptions.Multiline)]
    private static partial Regex Names();
}
