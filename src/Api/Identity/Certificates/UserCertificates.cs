using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Controller.Api.Admin;
using Controller.Api.Audit;
using Controller.Api.Http;
using Microsoft.Extensions.Options;

namespace Controller.Api.Identity.Certificates;

/// <summary>Whom certificates are for: admins' work.</summary>
internal sealed class UserCertificates(AccountStore store, IOptions<ApiOptions> options)
{
    /// <summary>Which certificates are to be somebody's: by the subject, or as a certificate of it; <c>Pin</c>: that one and no other of its subject.</summary>
    public sealed record New(string? Subject, string? Certificate, bool? Pin);

    public async Task<IResult> List(string user, HttpContext http, CancellationToken cancel) =>
        await store.Find(user, cancel) is { } account ? Results.Json(await store.Certificates(account.Id, cancel)) : Problems.NotFound(http.Request.Path).ToResult();

    public async Task<IResult> Add(string user, New wanted, HttpContext http, CancellationToken cancel)
    {
        if (await store.Find(user, cancel) is not { } account)
            return Problems.NotFound(http.Request.Path).ToResult();
        http.Touch("account", account.Id);
        if (options.Value.ClientAuthority is null)
            return Problems.Conflict("No certificate is taken here: Api:ClientAuthority names nobody who signs users' certificates.").ToResult();
        var (subject, fingerprint, why) = Read(wanted);
        if (subject is null)
            return Problems.Invalid(why!).ToResult();   // one of the two is there
        var made = Guid.NewGuid();
        if (!await store.AddCertificate(made, account.Id, subject, fingerprint, http.Caller().Principal, cancel))
            return Problems.Conflict($"The subject {subject} is mapped already{(await store.OwnerOf(subject, cancel) is { } owner ? $", to {owner}" : "")}: remove that first.").ToResult();
        return Results.Json((await store.Certificates(account.Id, cancel)).Single(c => c.Id == made), statusCode: StatusCodes.Status201Created);
    }

    public async Task<IResult> Remove(string user, Guid id, HttpContext http, CancellationToken cancel)
    {
        if (await store.Find(user, cancel) is not { } account)
            return Problems.NotFound(http.Request.Path).ToResult();
        http.Touch("account", account.Id);
        return await store.RemoveCertificate(account.Id, id, cancel) ? Results.Json(new { }) : Problems.NotFound(http.Request.Path).ToResult();
    }

    private static (string? Subject, string? Fingerprint, string? Why) Read(New wanted)
    {
        if ((wanted.Subject is null) == (wanted.Certificate is null))
            return (null, null, "Either subject or certificate (PEM) was wanted.");
        if (wanted.Subject is { } text)
        {
            return wanted.Pin == true ? (null, null, "pin needs the certificate itself.")
                : CertificateSubject.TryParse(text, out var parsed) ? (parsed, null, null)
                : (null, null, $"subject must be a distinguished name of at most {CertificateSubject.Longest} characters, as in CN=ana, O=Example; found '{text}'.");
        }
        try
        {
            using var certificate = X509Certificate2.CreateFromPem(wanted.Certificate);
            return CertificateSubject.Of(certificate) is { } subject
                ? (subject, wanted.Pin == true ? CertificateSubject.FingerprintOf(certificate) : null, null)
                : (null, null, $"The certificate's subject must be a text of 1 to {CertificateSubject.Longest} characters.");
        }
        catch (CryptographicException e)
        {
            return (null, null, $"certificate must be a certificate in PEM: {e.Message}");
        }
    }
}
