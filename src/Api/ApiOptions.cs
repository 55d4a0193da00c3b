using System.ComponentModel.DataAnnotations;

namespace Controller.Api;

/// <summary>Section <c>Api</c>.</summary>
internal sealed class ApiOptions
{
    /// <summary>What it listens on, e.g. <c>http://127.0.0.1:8080</c>; port 0 takes a free one.</summary>
    [Required, Url]
    public string Url { get; set; } = "http://127.0.0.1:8080";

    /// <summary>Scheme and authority of absolute URLs, e.g. behind a balancer. Default: as the request's <c>Host</c> says.</summary>
    [Url]
    public string? PublicUrl { get; set; }

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
}

/// <summary>Section <c>Images</c>.</summary>
internal sealed class ImageOptions
{
    /// <summary>The image store: files named by their SHA-256, shared with the silos. Without it images can't be uploaded.</summary>
    public string? Directory { get; set; }
}

/// <summary>Section <c>Pki</c>.</summary>
internal sealed class PkiOptions
{
    /// <summary>PEM file of the cluster's certificate authority; its fingerprint stands in join tokens. Without it there are none.</summary>
    public string? CaCertificate { get; set; }
}
