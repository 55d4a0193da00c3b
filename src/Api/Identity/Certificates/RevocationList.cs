using System.Collections.Frozen;
using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Controller.Api.Identity.Certificates;

/// <summary>A certificate revocation list (RFC 5280 §5): complete, of one authority, for the certificates that it has signed itself.</summary>
internal sealed class RevocationList
{
    private const string Label = "X509 CRL";

    private static readonly FrozenDictionary<string, HashAlgorithmName> Algorithms = new Dictionary<string, HashAlgorithmName>
    {
        ["1.2.840.10045.4.3.2"] = HashAlgorithmName.SHA256, ["1.2.840.10045.4.3.3"] = HashAlgorithmName.SHA384, ["1.2.840.10045.4.3.4"] = HashAlgorithmName.SHA512,   // ECDSA
        ["1.2.840.113549.1.1.11"] = HashAlgorithmName.SHA256, ["1.2.840.113549.1.1.12"] = HashAlgorithmName.SHA384, ["1.2.840.113549.1.1.13"] = HashAlgorithmName.SHA512,   // RSA, PKCS #1
    }.ToFrozenDictionary();

    private readonly byte[] _signed, _signature, _issuer;
    private readonly HashAlgorithmName _hash;
    private readonly FrozenDictionary<string, DateTimeOffset> _revoked;

    private RevocationList(ReadOnlyMemory<byte> der)
    {
        var list = new AsnReader(der, AsnEncodingRules.DER).ReadSequence();
        _signed = list.PeekEncodedValue().ToArray();
        var told = list.ReadSequence();
        var algorithm = list.ReadSequence().ReadObjectIdentifier();
        _signature = list.ReadBitString(out _);
        list.ThrowIfNotEmpty();
        _hash = Algorithms.TryGetValue(algorithm, out var hash) ? hash
            : throw new CryptographicException($"a revocation list has to be signed with ECDSA or RSA (PKCS #1) and SHA-256, SHA-384 or SHA-512; one has the algorithm {algorithm}");
        if (told.PeekTag().HasSameClassAndValue(Asn1Tag.Integer))
            told.ReadInteger();
        told.ReadSequence();   // the algorithm once more
        _issuer = told.ReadEncodedValue().ToArray();
        From = Time(told);
        Until = told.HasData && IsTime(told) ? Time(told) : null;
        var revoked = new Dictionary<string, DateTimeOffset>();
        if (told.HasData && told.PeekTag().HasSameClassAndValue(Asn1Tag.Sequence))
        {
            for (var entries = told.ReadSequence(); entries.HasData;)
            {
                var entry = entries.ReadSequence();
                revoked[Serial(entry.ReadIntegerBytes().Span)] = Time(entry);
                if (entry.HasData)
                    Extensions(entry.ReadSequence());
            }
        }
        if (told.HasData)
            Extensions(told.ReadSequence(new Asn1Tag(TagClass.ContextSpecific, 0)).ReadSequence());
        _revoked = revoked.ToFrozenDictionary();
    }

    /// <summary>Since when it tells what is so.</summary>
    public DateTimeOffset From { get; }

    /// <summary>When there is another one by; null: it does not say.</summary>
    public DateTimeOffset? Until { get; }

    /// <summary>Whose it is, in words.</summary>
    public string Issuer => new X500DistinguishedName(_issuer).Name;

    /// <summary>The lists in a file: one in DER, or any number in PEM.</summary>
    /// <exception cref="CryptographicException">There is none in it, or one that is not understood: says why.</exception>
    public static IReadOnlyList<RevocationList> Read(byte[] file)
    {
        try
        {
            if (file is [0x30, ..])
                return [new(file)];
            var (found, text) = (new List<RevocationList>(), Encoding.Latin1.GetString(file));
            for (var rest = text.AsSpan(); PemEncoding.TryFind(rest, out var at); rest = rest[at.Location.End..])
            {
                if (!rest[at.Label].SequenceEqual(Label))
                    throw new CryptographicException($"only parts called {Label} were wanted, and there is a {rest[at.Label]}");
                found.Add(new(Convert.FromBase64String(rest[at.Base64Data].ToString())));
            }
            return found.Count > 0 ? found : throw new CryptographicException($"it has no revocation list, neither in DER nor in PEM ({Label})");
        }
        catch (AsnContentException e)
        {
            throw new CryptographicException($"it has no revocation list in DER: {e.Message}", e);
        }
    }

    /// <summary>Whether it is that authority's: of its name, and signed with its key.</summary>
    public bool IsOf(X509Certificate2 authority)
    {
        if (!authority.SubjectName.RawData.AsSpan().SequenceEqual(_issuer) || !MaySign(authority))
            return false;
        using var elliptic = authority.GetECDsaPublicKey();
        using var rsa = authority.GetRSAPublicKey();
        return elliptic?.VerifyData(_signed, _signature, _hash, DSASignatureFormat.Rfc3279DerSequence) ?? rsa?.VerifyData(_signed, _signature, _hash, RSASignaturePadding.Pkcs1) ?? false;
    }

    /// <summary>When that certificate of its authority was revoked; null: it was not.</summary>
    public DateTimeOffset? Revoked(X509Certificate2 certificate) => _revoked.TryGetValue(Serial(certificate.SerialNumberBytes.Span), out var when) ? when : null;

    private static bool MaySign(X509Certificate2 authority) =>
        authority.Extensions.OfType<X509KeyUsageExtension>().FirstOrDefault() is not { } uses || uses.KeyUsages.HasFlag(X509KeyUsageFlags.CrlSign);

    // Parts of a list, changes to one, and other authorities' entries say by such an extension that they are: taking them for a whole list would let in whom it does not name.
    private static void Extensions(AsnReader all)
    {
        while (all.HasData)
        {
            var one = all.ReadSequence();
            var id = one.ReadObjectIdentifier();
            if (one.PeekTag().HasSameClassAndValue(Asn1Tag.Boolean) && one.ReadBoolean())
                throw new CryptographicException($"a revocation list has the critical extension {id}: only complete lists of an authority's own certificates are understood");
        }
    }

    private static bool IsTime(AsnReader at) => at.PeekTag() is var tag && (tag.HasSameClassAndValue(Asn1Tag.UtcTime) || tag.HasSameClassAndValue(Asn1Tag.GeneralizedTime));

    private static DateTimeOffset Time(AsnReader at) => at.PeekTag().HasSameClassAndValue(Asn1Tag.UtcTime) ? at.ReadUtcTime() : at.ReadGeneralizedTime();

    private static string Serial(ReadOnlySpan<byte> bytes) => Convert.ToHexString(bytes.TrimStart((byte)0));
}
