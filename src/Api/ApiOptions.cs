using System.ComponentModel.DataAnnotations;

namespace Controller.Api;

/// <summary>Section <c>Api</c>.</summary>
internal sealed class ApiOptions
{
    /// <summary>What it listens on, e.g. <c>http://127.0.0.1:8080</c>; port 0 takes a free one.</summary>
    [Required, Url]
    public string Url { get; set; } = "http://127.0.0.1:8080";

    /// <summary>Where it listens with TLS, too, e.g. <c>https://127.0.0.1:8443</c>; port 0 takes a free one. Default: nowhere. Needs <see cref="Certificate"/>.</summary>
    [Url]
    public string? TlsUrl { get; set; }

    /// <summary>PEM file of the certificate (with its chain) that HTTPS clients see; read again when it changes.</summary>
    public string? Certificate { get; set; }

    /// <summary>PEM file of its private key.</summary>
    public string? CertificateKey { get; set; }

    /// <summary>
    /// PEM file with the authorities that sign users' certificates; read again when it changes. Default: none, and clients are not asked for certificates. Not the cluster's own, which signs hosts'.
    /// </summary>
    public string? ClientAuthority { get; set; }

    /// <summary>
    /// File with the revocation lists of those authorities, one in DER or any number in PEM; read again when it changes. Default: none, and no certificate is revoked.
    /// </summary>
    public string? ClientRevocations { get; set; }

    /// <summary>Scheme and authority of absolute URLs, e.g. behind a balancer. Default: as the request's <c>Host</c> says.</summary>
    [Url]
    public string? PublicUrl { get; set; }

    /// <summary>Directory of the built web console, served below <c>/ui/</c>; relative to the program. Default: <c>console</c>. Where it is not there, <c>/ui/</c> says so.</summary>
    public string? Console { get; set; }

    /// <summary>Whether the OCCI clients of old may sign in as with OpenStack Keystone 2.0 (docs/identity.md). Default: false.</summary>
    public bool Keystone { get; set; }

    /// <summary>Memory for entities that were read before, in bytes, roughly: they are rendered again only after they have changed. 0: none. Default: 64 MiB.</summary>
    [Range(0, 64L * 1024 * 1024 * 1024)]
    public long EntityCacheBytes { get; set; } = 64 * 1024 * 1024;

    /// <summary>The most entities that one page may have; more is refused with 413. Default: 1000.</summary>
    [Range(1, 100_000)]
    public int MaxPageSize { get; set; } = 1000;

    /// <summary>Largest OCCI request body, in bytes. User data travels in an attribute, so it is generous. Default: 8 MiB.</summary>
    [Range(64 * 1024, 1024 * 1024 * 1024)]
    public long MaxBodyBytes { get; set; } = 8 * 1024 * 1024;

    /// <summary>Largest header block of a request, in bytes; a text/occi request is nothing else. Default: 256 KiB.</summary>
    [Range(16 * 1024, 16 * 1024 * 1024)]
    public int MaxRequestHeaderBytes { get; set; } = 256 * 1024;

    /// <summary>Largest text/occi rendering sent, in bytes; what is larger is refused with 406 and never cut (GFD.229 §7). Default: 64 KiB.</summary>
    [Range(4 * 1024, 1024 * 1024)]
    public int MaxResponseHeaderBytes { get; set; } = 64 * 1024;

    /// <summary>For this long the repeat of a request with an <c>Idempotency-Key</c> gets the first one's result. Default: 24 hours.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "30.00:00:00")]
    public TimeSpan RememberKeysFor { get; set; } = TimeSpan.FromHours(24);

    /// <summary>How often it looks by itself whether images and mixins have changed; usually the database has told it long before. Default: 5 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan RefreshModelEvery { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>The most entities that one request may create, or name to be tagged or deleted. Default: 1000.</summary>
    [Range(1, 100_000)]
    public int MaxEntities { get; set; } = 1000;

    /// <summary>The most inline links of one resource. Default: 100.</summary>
    [Range(1, 10_000)]
    public int MaxLinks { get; set; } = 100;

    /// <summary>The most categories of one entity (its mixins) or one filter. Default: 100.</summary>
    [Range(1, 10_000)]
    public int MaxCategories { get; set; } = 100;

    /// <summary>The most attributes of one entity, link, action or filter. Default: 1000.</summary>
    [Range(1, 100_000)]
    public int MaxAttributes { get; set; } = 1000;

    /// <summary>Longest value of an attribute, in characters; user data is one. Default: 1 MiB.</summary>
    [Range(1024, 16 * 1024 * 1024)]
    public int MaxAttributeLength { get; set; } = 1024 * 1024;

    /// <summary>The most values of a JSON document, those inside others included. Default: 100,000.</summary>
    [Range(1000, 10_000_000)]
    public int MaxJsonValues { get; set; } = 100_000;

    /// <summary>The most connections at a time; further ones are closed. Default: 4096.</summary>
    [Range(1, 1_000_000)]
    public long MaxConnections { get; set; } = 4096;

    /// <summary>A request's header block must be there within this time. Default: 30 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan HeaderTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a body may come slower than 240 bytes a second, as an answer may be read, before the connection is closed. Default: 5 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:02", "00:10:00")]
    public TimeSpan SlowBodyGrace { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>The limits of a message, as its reader wants them.</summary>
    internal Occi.Limits Limits => field ??= new()
    {
        Entities = MaxEntities,
        Links = MaxLinks,
        Categories = MaxCategories,
        Attributes = MaxAttributes,
        AttributeLength = MaxAttributeLength,
        JsonValues = MaxJsonValues,
    };
}

/// <summary>Section <c>Mixins</c>: what users' own mixins may be.</summary>
internal sealed class MixinOptions
{
    /// <summary>The most that a project may have; 0: there are none. All of them are in every answer of the query interface. Default: 100.</summary>
    [Range(0, 10_000)]
    public int MaxPerProject { get; set; } = 100;

    /// <summary>Longest term, in characters. Default: 64.</summary>
    [Range(1, 1024)]
    public int MaxTermLength { get; set; } = 64;

    /// <summary>Longest scheme, in characters. Default: 256.</summary>
    [Range(1, 4096)]
    public int MaxSchemeLength { get; set; } = 256;

    /// <summary>Longest location, in characters. Default: 256.</summary>
    [Range(1, 4096)]
    public int MaxLocationLength { get; set; } = 256;

    /// <summary>Longest title, in characters. Default: 256.</summary>
    [Range(0, 4096)]
    public int MaxTitleLength { get; set; } = 256;
}

/// <summary>Section <c>Images</c>.</summary>
internal sealed class ImageOptions
{
    /// <summary>The image store: files named by their SHA-256, shared with the silos. Without it images can't be uploaded.</summary>
    public string? Directory { get; set; }
}

/// <summary>Section <c>Model</c>.</summary>
internal sealed class ModelOptions
{
    /// <summary>Directory with files of kinds and mixins beside the standard's. Default: none. The same files for all silos and APIs.</summary>
    public string? Directory { get; set; }
}

/// <summary>Section <c>Hosts</c>.</summary>
internal sealed class HostOptions
{
    /// <summary>Whether a host that joins may be used at once: who made its token has consented. False: it waits for approval, unless its token says otherwise. Default: true.</summary>
    public bool AutoApprove { get; set; } = true;
}

/// <summary>Section <c>Pki</c>.</summary>
internal sealed class PkiOptions
{
    /// <summary>PEM file of the cluster's certificate authority; its fingerprint stands in join tokens. Without it there are none.</summary>
    public string? CaCertificate { get; set; }
}
