using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using CachingProxy.Core.Messages;

namespace CachingProxy.AspNetCore.Upstream;

/// <summary>Decides which certificates of origins are good, and says of the others what is wrong with them. Safe for any number of threads.</summary>
/// <param name="options">Whom to trust beside those that the system trusts.</param>
internal sealed class OriginCertificates(HttpOriginOptions options)
{
    private const string WhileDeveloping = "while developing, --origin-insecure takes it as it is.";

    /// <summary>Decides about one, for <see cref="SslClientAuthenticationOptions.RemoteCertificateValidationCallback"/>.</summary>
    /// <exception cref="OriginException">It is not good.</exception>
    public bool Validate(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
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
            throw Refused($"The origin's certificate is for another name than that of its URL. Ask for it by that name, or, {WhileDeveloping}", $"It was asked for as '{name}', and the certificate is for {NamesIn(shown)}.");
        }

        return IsOfTrustedIssuer(shown, chain) ? true
            : throw Refused($"The origin's certificate {Fault(chain)}; {WhileDeveloping}", string.Join(" ", chain?.ChainStatus.Select(status => status.StatusInformation.Trim()) ?? []));
    }

    private bool IsOfTrustedIssuer(X509Certificate2 certificate, X509Chain? chain)
    {
        if (options.TrustedIssuers.Count == 0)
        {
            return false;
        }

        using var ours = new X509Chain();
        ours.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        ours.ChainPolicy.CustomTrustStore.AddRange(options.TrustedIssuers);
        ours.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        ours.ChainPolicy.ExtraStore.AddRange(chain?.ChainElements.Select(element => element.Certificate).ToArray() ?? []);

        return ours.Build(certificate);
    }

    private static string Fault(X509Chain? chain)
    {
        var faults = (chain?.ChainStatus ?? []).Aggregate(X509ChainStatusFlags.NoError, (all, status) => all | status.Status);
        return faults.HasFlag(X509ChainStatusFlags.UntrustedRoot) || faults.HasFlag(X509ChainStatusFlags.PartialChain) ? "is signed by nobody whom this machine trusts. --origin-ca FILE trusts its issuer"
            : faults.HasFlag(X509ChainStatusFlags.NotTimeValid) ? "has expired, or is not valid yet"
            : faults.HasFlag(X509ChainStatusFlags.Revoked) ? "was revoked"
            : $"is not accepted ({faults})";
    }

    private static string NamesIn(X509Certificate2 certificate)
    {
        var names = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>()
            .SelectMany(extension => extension.EnumerateDnsNames().Concat(extension.EnumerateIPAddresses().Select(address => address.ToString()))).ToList();
        return names.Count > 0 ? string.Join(", ", names.Take(10)) : certificate.Subject;
    }

    private static OriginException Refused(string message, string? details) =>
        new(OriginError.CertificateRefused, message, details is null ? null : new System.Security.Authentication.AuthenticationException(details));
}
