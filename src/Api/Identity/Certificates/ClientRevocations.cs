using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Options;

namespace Controller.Api.Identity.Certificates;

/// <summary>Which users' certificates were revoked. The file is read again when it changes; one that can't be read leaves what was in it before in use.</summary>
internal sealed partial class ClientRevocations(IOptions<ApiOptions> options, ILogger<ClientRevocations> log)
{
    private static readonly IReadOnlyList<RevocationList> None = [];

    private readonly Lock _reading = new();
    private IReadOnlyList<RevocationList>? _current;
    private DateTime? _stamp;

    /// <summary>The lists as the file has them now: the same object as long as it is the same file.</summary>
    /// <exception cref="CryptographicException">There was never one that could be read.</exception>
    public IReadOnlyList<RevocationList> Current
    {
        get
        {
            if (options.Value.ClientRevocations is not { } file)
                return None;
            lock (_reading)
            {
                var stamp = File.GetLastWriteTimeUtc(file);
                if (_current is not null && _stamp == stamp)
                    return _current;
                try
                {
                    _current = RevocationList.Read(File.ReadAllBytes(file));
                }
                catch (Exception e) when (_current is not null && e is CryptographicException or IOException or UnauthorizedAccessException)
                {
                    LogUnreadable(file, e.Message);
                }
                _stamp = stamp;
                return _current!;   // it was thrown where there is none
            }
        }
    }

    /// <summary>Why a certificate, which that authority has signed, is not good at that time; null: it was not revoked, or that authority has no list.</summary>
    public static string? Complaint(X509Certificate2 certificate, X509Certificate2 authority, IReadOnlyList<RevocationList> lists, DateTimeOffset now)
    {
        if (lists.Where(l => l.IsOf(authority)).MaxBy(l => l.From) is not { } list)
            return null;
        if (list.Revoked(certificate) is { } when)
            return $"{certificate.Subject} was revoked at {when.ToUniversalTime():u}";
        // Who was revoked since stands in a list that is not here.
        return now < list.From || now > list.Until ? $"the revocation list of {list.Issuer} is good from {list.From.ToUniversalTime():u} to {list.Until?.ToUniversalTime():u}: another one is needed" : null;
    }

    /// <summary>Why a file can't say which were revoked; null: it can.</summary>
    public static string? Wrong(ApiOptions api)
    {
        if (api.ClientRevocations is not { } file)
            return null;
        if (api.ClientAuthority is null)
            return "Api:ClientRevocations needs Api:ClientAuthority: it is about the certificates that those have signed.";
        try
        {
            var authorities = new X509Certificate2Collection();
            authorities.ImportFromPemFile(api.ClientAuthority);
            return RevocationList.Read(File.ReadAllBytes(file)).FirstOrDefault(l => !authorities.Any(l.IsOf)) is { } strange
                ? $"Api:ClientRevocations must have lists that an authority of Api:ClientAuthority has signed; that of {strange.Issuer} in {file} is none of theirs." : null;
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            return $"Api:ClientRevocations must name a file with revocation lists; {file} can't be read: {e.Message}";
        }
    }

    [LoggerMessage(LogLevel.Warning, "The revocation lists of users' certificates in {File} can't be read, those before stay in use: {Why}")]
    private partial void LogUnreadable(string file, string why);
}
