using System.Runtime.CompilerServices;
using System.Security.Cryptography.X509Certificates;
using Controller.Api.Http;

namespace Controller.Api.Identity.Certificates;

/// <summary>Who shows a client certificate: signed by an authority for users, and mapped to an account by its subject.</summary>
internal sealed class ClientCertificates(ClientAuthority authority, ClientRevocations revocations, Accounts accounts, TimeProvider time)
{
    // What was found out of a connection's certificate is good for so long: it may end, and the authorities may be others.
    private static readonly TimeSpan Trust = TimeSpan.FromSeconds(5);

    private readonly ConditionalWeakTable<X509Certificate2, Verdict> _judged = [];

    private sealed record Verdict(string? Why, string? Subject, string Fingerprint, X509Certificate2Collection Authorities, IReadOnlyList<RevocationList> Lists, DateTimeOffset Until);

    /// <summary>Whether a request may come with one: not where a page of another site had a browser send it, which shows its certificate unasked.</summary>
    public static bool IsFromElsewhere(HttpRequest request, Func<string, bool> isOwn)
    {
        var origin = request.Headers.Origin.ToString();
        if (origin.Length > 0)
            return !isOwn(origin);
        // Browsers say either; what is no browser says neither.
        return request.Headers["Sec-Fetch-Site"].ToString() is { Length: > 0 } site && site is not ("same-origin" or "none");
    }

    /// <summary>Who it is, or why nobody: 401, or 503 where too many ask.</summary>
    public async ValueTask<(Principal? Principal, Problem? Why)> Find(X509Certificate2 certificate, CancellationToken cancel)
    {
        var verdict = Judge(certificate);
        if (verdict.Why is { } why)
            return (null, Problems.Unauthenticated($"The client certificate{(verdict.Subject is { } of ? $" of {of}" : "")} is not taken: {why}."));
        var (principal, problem) = await accounts.Certificate(verdict.Subject!, verdict.Fingerprint, cancel);   // without a subject there is a why
        return (principal is null ? null : principal with { Until = certificate.NotAfter }, problem);
    }

    private Verdict Judge(X509Certificate2 certificate)
    {
        var (now, authorities, lists) = (time.GetUtcNow(), authority.Current, revocations.Current);
        if (_judged.TryGetValue(certificate, out var known) && known.Until > now && ReferenceEquals(known.Authorities, authorities) && ReferenceEquals(known.Lists, lists))
            return known;
        var subject = CertificateSubject.Of(certificate);
        var why = ClientAuthority.Complaint(certificate, authorities, lists, now) ?? (subject is null ? "it has no subject that anybody could be known by" : null);
        var verdict = new Verdict(why, subject, CertificateSubject.FingerprintOf(certificate), authorities, lists, now + Trust);
        _judged.AddOrUpdate(certificate, verdict);
        return verdict;
    }
}
