using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CachingProxy.TestKit;

namespace CachingProxy.Server.Tests.Upstream;

public class TlsTests
{
    [Fact]
    public async Task J34_ACertificateThatNobodyVouchesFor_IsA502_AndNothingIsSent()
    {
        using var key = RSA.Create(2048);
        using var certificate = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            .CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.MaxValue.AddYears(-1));
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var received = AcceptAsync(listener, certificate);
        var origin = new Uri($"https://localhost:{((IPEndPoint)listener.LocalEndpoint).Port}");
        await using var proxy = await TestProxy.StartWithAsync(new() { Origin = origin }, new());
        var response = await proxy.Client.GetAsync("/x");
        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        Assert.Contains("upstream_unreachable", await response.Content.ReadAsStringAsync());
        Assert.Equal(0, await received);
    }

    // How many bytes of a request come through the handshake.
    private static async Task<int> AcceptAsync(TcpListener listener, X509Certificate2 certificate)
    {
        using var client = await listener.AcceptTcpClientAsync();
        await using var tls = new SslStream(client.GetStream());
        try
        {
            await tls.AuthenticateAsServerAsync(certificate);
            return await tls.ReadAsync(new byte[100]);
        }
        catch (Exception refused) when (refused is IOException or System.Security.Authentication.AuthenticationException)
        {
            return 0;
        }
    }
}
