using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace CachingProxy.Configuration;

/// <summary>Reads how the origin is to be reached: the issuers of its certificate, and a proxy on the way.</summary>
internal static class OriginAccess
{
    /// <summary>Reads the certificates in a file, PEM or DER; returns null where there are none, or it cannot be read.</summary>
    public static X509Certificate2Collection? ParseIssuers(string file)
    {
        try
        {
            var bytes = File.ReadAllBytes(file);
            var issuers = new X509Certificate2Collection();
            if (Encoding.Latin1.GetString(bytes).Contains("-----BEGIN CERTIFICATE-----", StringComparison.Ordinal))
            {
                issuers.ImportFromPem(Encoding.Latin1.GetString(bytes));
            }
            else
            {
                issuers.Add(X509CertificateLoader.LoadCertificate(bytes));
            }

            return issuers.Count > 0 ? issuers : null;
        }
        catch (Exception failure)
            when (failure is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            return null;
        }
    }

    /// <summary>Says why a file has no certificates.</summary>
    public static string ExplainIssuers(string file) =>
        File.Exists(file)
            ? $"is '{file}'; the file holds no certificate, or cannot be read; give one or several in PEM or DER."
            : $"is '{file}'; there is no such file.";

    /// <summary>Reads the URL of a proxy, or <c>env</c> for those that the environment names; returns null for anything else.</summary>
    public static IWebProxy? ParseProxy(string text)
    {
        if (text == "env")
        {
            return HttpClient.DefaultProxy;
        }

        if (
            !Uri.TryCreate(text, UriKind.Absolute, out var uri)
            || uri.Scheme is not ("http" or "https" or "socks4" or "socks4a" or "socks5")
            || uri.Host.Length == 0
            || uri.PathAndQuery is not ("/" or "")
        )
        {
            return null;
        }

        var credentials = uri.UserInfo.Split(':', 2);
        var port = uri.Port > 0 ? uri.Port : 1080;
        return new WebProxy(new UriBuilder(uri.Scheme, uri.Host, port).Uri)
        {
            Credentials =
                uri.UserInfo.Length == 0
                    ? null
                    : new NetworkCredential(
                        Uri.UnescapeDataString(credentials[0]),
                        credentials.Length > 1 ? Uri.UnescapeDataString(credentials[1]) : ""
                    ),
        };
    }
}
