using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Controller.Api.Identity.Certificates;

/// <summary>Subjects of certificates as text: <c>CN=ana, O=Example</c>, the most specific part first. Other subjects have other texts: what would be taken for a part of the name is quoted.</summary>
internal static class CertificateSubject
{
    public const int Longest = 1024;

    /// <summary>The subject; null where there is none by which somebody could be known.</summary>
    public static string? Of(X509Certificate2 certificate) => certificate.SubjectName.Name is { Length: > 0 and <= Longest } name && !name.Any(char.IsControl) ? name : null;

    /// <summary>The same text for whatever way it was written in.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out string? subject)
    {
        subject = null;
        if (text.Length > Longest || text.Any(char.IsControl))
            return false;
        try
        {
            // Of what it is encoded to: the text it was made of would be kept as it was written.
            subject = new X500DistinguishedName(new X500DistinguishedName(text).RawData).Name;
            return subject.Length > 0;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    /// <summary>SHA-256 of a certificate, in lower-case hex.</summary>
    public static string FingerprintOf(X509Certificate2 certificate) => Convert.ToHexStringLower(SHA256.HashData(certificate.RawData));
}
