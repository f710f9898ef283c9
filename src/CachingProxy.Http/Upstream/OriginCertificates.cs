using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CachingProxy.Core.Messages;

namespace CachingProxy.Http.Upstream;

/// <summary>
/// Checks the certificates of origins, and reports what is wrong with a bad one. Downloads nothing: a certificate names URLs of its issuer,
/// and a download of them would bypass every guard. Safe for any number of threads.
/// </summary>
/// <param name="options">The issuers to trust beside those that the system trusts, and the hosts whose certificates are not
/// checked.</param>
internal sealed class OriginCertificates(HttpOriginOptions options)
{
    private static readonly Oid ForServers = new("1.3.6.1.5.5.7.3.1");

    private const string WhileDeveloping = "while developing, --origin-insecure takes it as it is.";

    /// <summary>The settings for TLS connections to origins.</summary>
    public SslClientAuthenticationOptions ClientOptions =>
        new()
        {
            RemoteCertificateValidationCallback = Validate,
            CertificateChainPolicy = new X509ChainPolicy
            {
                DisableCertificateDownloads = true,
                RevocationMode = X509RevocationMode.NoCheck,
            },
        };

    /// <summary>
    /// Decides about one certificate, for <see cref="SslClientAuthenticationOptions.RemoteCertificateValidationCallback"/>.
    /// </summary>
    /// <exception cref="OriginException">The certificate is refused.</exception>
    private bool Validate(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        var name = (sender as SslStream)?.TargetHostName ?? "";
        if (errors == SslPolicyErrors.None || options.UncheckedHosts.Contains(name, StringComparer.OrdinalIgnoreCase))
        {
            return true;
        }

        if (certificate is not X509Certificate2 shown || errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable))
        {
            throw Refused("The origin showed no certificate.", null);
        }

        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
        {
            throw Refused(
                "The origin's certificate is for another name than that of its URL. Use a name of the certificate in the URL; "
                    + WhileDeveloping,
                $"The URL names '{name}', and the certificate is for {NamesIn(shown)}."
            );
        }

        var faults = options.TrustedIssuers.Count == 0 ? chain?.ChainStatus ?? [] : FaultsByTrustedIssuers(shown, chain);
        return faults.Length == 0 && options.TrustedIssuers.Count > 0
            ? true
            : throw Refused(
                $"The origin's certificate {Fault(faults)}; {WhileDeveloping}",
                string.Join(" ", faults.Select(status => status.StatusInformation.Trim()))
            );
    }

    private X509ChainStatus[] FaultsByTrustedIssuers(X509Certificate2 certificate, X509Chain? chain)
    {
        using var ours = new X509Chain();
        ours.ChainPolicy.DisableCertificateDownloads = true;
        ours.ChainPolicy.ApplicationPolicy.Add(ForServers);
        ours.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        ours.ChainPolicy.CustomTrustStore.AddRange(options.TrustedIssuers);
        ours.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        ours.ChainPolicy.ExtraStore.AddRange(chain?.ChainElements.Select(element => element.Certificate).ToArray() ?? []);

        return ours.Build(certificate) ? [] : ours.ChainStatus;
    }

    private string Fault(X509ChainStatus[] statuses)
    {
        var faults = statuses.Aggregate(X509ChainStatusFlags.NoError, (all, status) => all | status.Status);
        if (faults.HasFlag(X509ChainStatusFlags.UntrustedRoot) || faults.HasFlag(X509ChainStatusFlags.PartialChain))
        {
            return options.TrustedIssuers.Count == 0
                ? "is signed by nobody whom this machine trusts. --origin-ca FILE trusts its issuer"
                : "is signed neither by somebody whom this machine trusts nor by a root in the file of --origin-ca";
        }

        if (faults.HasFlag(X509ChainStatusFlags.NotTimeValid))
        {
            return "has expired, or is not valid yet";
        }

        return faults.HasFlag(X509ChainStatusFlags.Revoked) ? "was revoked" : $"is not accepted ({faults})";
    }

    private static string NamesIn(X509Certificate2 certificate)
    {
        var names = certificate
            .Extensions.OfType<X509SubjectAlternativeNameExtension>()
            .SelectMany(extension =>
                extension.EnumerateDnsNames().Concat(extension.EnumerateIPAddresses().Select(address => address.ToString()))
            )
            .ToList();
        return names.Count > 0 ? string.Join(", ", names.Take(10)) : certificate.Subject;
    }

    private static OriginException Refused(string message, string? details) =>
        new(
            OriginError.CertificateRefused,
            message,
            details is null ? null : new System.Security.Authentication.AuthenticationException(details)
        );
}
