using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CachingProxy.Configuration;
using CachingProxy.TestKit;

namespace CachingProxy.Http.Tests.Upstream;

/// <summary>Origins over TLS: whose certificate is good, and what is said where it is not.</summary>
public sealed class TlsTests : IDisposable
{
    private static readonly DateTimeOffset Always = DateTimeOffset.UtcNow.AddYears(1);

    private readonly RSA _key = RSA.Create(2048);
    private readonly X509Certificate2 _issuer;

    public TlsTests()
    {
        var request = new CertificateRequest("CN=An issuer", _key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        _issuer = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, Always.AddYears(1));
    }

    [Theory]
    [InlineData(
        "localhost",
        false,
        "is signed by nobody whom this machine trusts. --origin-ca FILE trusts its issuer; while developing, --origin-insecure takes it as it is."
    )]
    [InlineData("other.test", false, "is for another name than that of its URL")]
    [InlineData("localhost", true, "is signed by nobody whom this machine trusts")]
    public async Task J34_ACertificateThatIsNotGood_IsA502ThatSaysWhy_AndNothingIsSent(string name, bool isExpired, string reason)
    {
        await using var origin = new TlsOrigin(Certificate(name, isExpired));
        await using var proxy = await TestProxy.StartWithAsync(new() { Origin = origin.Url }, new());
        using var response = await proxy.Client.GetAsync("/x", TestContext.Current.CancellationToken);
        Assert.Equal(
            (HttpStatusCode.BadGateway, "caching-proxy; error=tls_certificate_error"),
            (response.StatusCode, response.Headers.GetValues("Proxy-Status").Single())
        );
        var problem = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Contains("upstream_unreachable", problem);
        Assert.Contains(reason, problem);
        Assert.Equal(0, origin.Requests);
    }

    [Fact]
    public async Task ACertificateOfAnIssuerThatIsNamed_IsGood()
    {
        await using var origin = new TlsOrigin(Certificate("localhost"));
        await using var proxy = await TestProxy.StartWithAsync(new() { Origin = origin.Url, OriginIssuers = [_issuer] }, new());
        Assert.Equal("ok", await proxy.Client.GetStringAsync("/x", TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("other.test", false)]
    [InlineData("localhost", true)]
    public async Task ACertificateOfAnIssuerThatIsNamed_MustBeForTheName_AndInItsTime(string name, bool isExpired)
    {
        await using var origin = new TlsOrigin(Certificate(name, isExpired));
        await using var proxy = await TestProxy.StartWithAsync(new() { Origin = origin.Url, OriginIssuers = [_issuer] }, new());
        Assert.Equal(HttpStatusCode.BadGateway, (await proxy.Client.GetAsync("/x", TestContext.Current.CancellationToken)).StatusCode);
        Assert.Equal(0, origin.Requests);
    }

    [Fact]
    public async Task ACertificateForClientsAlone_IsNoServers()
    {
        await using var origin = new TlsOrigin(Certificate("localhost", usage: "1.3.6.1.5.5.7.3.2"));
        await using var proxy = await TestProxy.StartWithAsync(new() { Origin = origin.Url, OriginIssuers = [_issuer] }, new());
        Assert.Equal(HttpStatusCode.BadGateway, (await proxy.Client.GetAsync("/x", TestContext.Current.CancellationToken)).StatusCode);
        Assert.Equal(0, origin.Requests);
    }

    // The URL in a certificate is whatever its owner likes, and would be asked for past every guard.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task WhatACertificateNames_IsNeverFetched(bool hasIssuers)
    {
        await using var inside = new FakeOrigin(_ => FakeOrigin.Response("secret"));
        using var another = RSA.Create(2048);
        using var unknown = new CertificateRequest(
            "CN=Somebody",
            another,
            HashAlgorithmName.SHA256,
            RSASignaturePadding.Pkcs1
        ).CreateSelfSigned(DateTimeOffset.UnixEpoch, Always.AddYears(1));
        await using var origin = new TlsOrigin(Certificate("localhost", issuersUrl: $"{inside.Url}issuer.cer"));
        await using var proxy = await TestProxy.StartWithAsync(
            new() { Origin = origin.Url, OriginIssuers = hasIssuers ? [unknown] : [] },
            new()
        );
        using var response = await proxy.Client.GetAsync("/x", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        Assert.Contains(
            hasIssuers ? "nor by a root in the file of --origin-ca" : "--origin-ca FILE trusts its issuer",
            await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)
        );
        Assert.Empty(inside.Requests);
    }

    [Fact]
    public async Task AnExpiredCertificateOfAnIssuerThatIsNamed_IsSaidToHaveExpired()
    {
        await using var origin = new TlsOrigin(Certificate("localhost", isExpired: true));
        await using var proxy = await TestProxy.StartWithAsync(new() { Origin = origin.Url, OriginIssuers = [_issuer] }, new());
        Assert.Contains(
            "has expired, or is not valid yet",
            await (await proxy.Client.GetAsync("/x", TestContext.Current.CancellationToken)).Content.ReadAsStringAsync(
                TestContext.Current.CancellationToken
            )
        );
    }

    [Fact]
    public async Task WithOriginInsecure_TheOriginsCertificateIsNotChecked_AndThatOfOthersIs()
    {
        await using var origin = new TlsOrigin(Certificate("other.test"));
        await using var proxy = await TestProxy.StartWithAsync(new() { Origin = origin.Url, OriginInsecure = true }, new());
        Assert.Equal("ok", await proxy.Client.GetStringAsync("/x", TestContext.Current.CancellationToken));
        var other = await proxy.Client.GetAsync($"/proxy?url=https://127.0.0.1:{origin.Url.Port}/", TestContext.Current.CancellationToken);
        Assert.Contains("another name", await other.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task AnOriginThatSpeaksNoTls_IsSaidToDoSo()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var answering = AnswerAsync(listener, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
        await using var proxy = await TestProxy.StartWithAsync(
            new() { Origin = new Uri($"https://localhost:{((IPEndPoint)listener.LocalEndpoint).Port}") },
            new()
        );
        using var response = await proxy.Client.GetAsync("/x", TestContext.Current.CancellationToken);
        Assert.Equal("caching-proxy; error=tls_protocol_error", response.Headers.GetValues("Proxy-Status").Single());
        Assert.Contains(
            "does not speak TLS on this port; perhaps --origin should begin with http://",
            await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)
        );
        await answering;
    }

    [Fact]
    public async Task AnOriginThatSpeaksOnlyAnOldTls_IsSaidToDoSo()
    {
#pragma warning disable SYSLIB0039, CA5397 // The old version is what is tested.
        await using var origin = new TlsOrigin(Certificate("localhost"), SslProtocols.Tls11);
#pragma warning restore SYSLIB0039, CA5397
        await using var proxy = await TestProxy.StartWithAsync(new() { Origin = origin.Url, OriginIssuers = [_issuer] }, new());
        using var response = await proxy.Client.GetAsync("/x", TestContext.Current.CancellationToken);
        Assert.Equal("caching-proxy; error=tls_protocol_error", response.Headers.GetValues("Proxy-Status").Single());
        var problem = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        // A server that has the old version switched off altogether says nothing and closes.
        Assert.Matches(
            "speaks no version of TLS that is safe enough|have no version of TLS, or no cipher, in common|closed the connection during the TLS handshake",
            problem
        );
    }

    [Fact]
    public void IssuersAreReadFromAFile_InPemAndInDer()
    {
        using var folder = new TemporaryFolder();
        var (pem, der, none) = (
            Path.Combine(folder.Path, "ca.pem"),
            Path.Combine(folder.Path, "ca.der"),
            Path.Combine(folder.Path, "none")
        );
        File.WriteAllText(pem, $"# ours\n{_issuer.ExportCertificatePem()}\n{_issuer.ExportCertificatePem()}\n");
        File.WriteAllBytes(der, _issuer.Export(X509ContentType.Cert));
        File.WriteAllText(none, "nothing");
        Assert.Equal(2, OriginAccess.ParseIssuers(pem)!.Count);
        Assert.Equal(_issuer.Thumbprint, Assert.Single(OriginAccess.ParseIssuers(der)!).Thumbprint);
        Assert.Null(OriginAccess.ParseIssuers(none));
        Assert.Contains("holds no certificate", OriginAccess.ExplainIssuers(none));
        Assert.Contains("no such file", OriginAccess.ExplainIssuers(pem + "x"));
    }

    public void Dispose()
    {
        _issuer.Dispose();
        _key.Dispose();
    }

    private X509Certificate2 Certificate(string name, bool isExpired = false, string? usage = null, string? issuersUrl = null)
    {
        var request = new CertificateRequest($"CN={name}", _key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        if (usage is not null)
        {
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], false));
        }

        if (issuersUrl is not null)
        {
            request.CertificateExtensions.Add(new X509AuthorityInformationAccessExtension(ocspUris: [], caIssuersUris: [issuersUrl]));
        }

        using var certificate = request.Create(
            _issuer,
            DateTimeOffset.UnixEpoch,
            isExpired ? DateTimeOffset.UtcNow.AddDays(-1) : Always,
            [1, 2, 3, 4]
        );
        using var withKey = certificate.CopyWithPrivateKey(_key);
        return X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pfx), null);
    }

    private static async Task AnswerAsync(TcpListener listener, string answer)
    {
        using var client = await listener.AcceptTcpClientAsync();
        await client.GetStream().ReadAtLeastAsync(new byte[100], 1);
        await client.GetStream().WriteAsync(System.Text.Encoding.ASCII.GetBytes(answer));
    }

    /// <summary>An origin that answers "ok" over TLS.</summary>
    private sealed class TlsOrigin : IAsyncDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly X509Certificate2 _certificate;
        private readonly SslProtocols _protocols;
        private readonly List<TcpClient> _clients = [];
        private readonly List<Task> _answers = [];
        private readonly Task _serving;
        private int _requests;

        public TlsOrigin(X509Certificate2 certificate, SslProtocols protocols = SslProtocols.None)
        {
            (_certificate, _protocols) = (certificate, protocols);
            _listener.Start();
            Url = new Uri($"https://localhost:{((IPEndPoint)_listener.LocalEndpoint).Port}");
            _serving = ServeAsync();
        }

        public Uri Url { get; }

        public int Requests => Volatile.Read(ref _requests);

        public async ValueTask DisposeAsync()
        {
            _listener.Stop();
            await _serving;
            _clients.ForEach(client => client.Dispose());
            await Task.WhenAll(_answers);
            _certificate.Dispose();
        }

        private async Task ServeAsync()
        {
            try
            {
                while (true)
                {
                    // Beside each other: one that the proxy opens and does not use yet holds up no other.
                    var client = await _listener.AcceptTcpClientAsync();
                    _clients.Add(client);
                    _answers.Add(AnswerAsync(client));
                }
            }
            catch (Exception end) when (end is SocketException or ObjectDisposedException or InvalidOperationException) { }
        }

        private async Task AnswerAsync(TcpClient client)
        {
            await using var tls = new SslStream(client.GetStream());
            try
            {
                await tls.AuthenticateAsServerAsync(
                    new SslServerAuthenticationOptions
                    {
                        // This end fetches nothing either.
                        ServerCertificateContext = SslStreamCertificateContext.Create(_certificate, null, offline: true),
                        EnabledSslProtocols = _protocols,
                    }
                );
                if (await tls.ReadAsync(new byte[4096]) > 0)
                {
                    Interlocked.Increment(ref _requests);
                    await tls.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"u8.ToArray());
                }
            }
            catch (Exception refused) when (refused is IOException or AuthenticationException or ObjectDisposedException) { }
            finally
            {
                client.Dispose();
            }
        }
    }
}
