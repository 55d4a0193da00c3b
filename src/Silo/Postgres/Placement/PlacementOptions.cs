using System.ComponentModel.DataAnnotations;

namespace Controller.Silo.Postgres;

/// <summary>In which order hosts that fit are tried.</summary>
public enum FillStrategy
{
    /// <summary>The emptiest host first.</summary>
    Spread,

    /// <summary>The fullest host first.</summary>
    Pack,
}

/// <summary>How hosts are filled. Section <c>Placement</c>. What an operator sets of a host wins over the ratios.</summary>
public sealed class PlacementOptions
{
    /// <summary>Virtual cores per core of a host. Default: 4.</summary>
    [Range(0.1, 100)]
    public double CoresPerCore { get; set; } = 4;

    /// <summary>Part of a host's memory that machines may have. Default: 0.9; the rest is the hypervisor's.</summary>
    [Range(0.1, 100)]
    public double MemoryShare { get; set; } = 0.9;

    /// <summary>Sum of volume sizes per byte of a pool: volumes are sparse. Default: 2.</summary>
    [Range(0.1, 100)]
    public double DiskPerByte { get; set; } = 2;

    /// <summary>In which order hosts that fit are tried. Default: spread.</summary>
    public FillStrategy Strategy { get; set; } = FillStrategy.Spread;

    /// <summary>How much it counts that a host has the machine's image already; 1 is as much as the difference between an empty host and a full one. Default: 0.1.</summary>
    [Range(0, 10)]
    public double ImageWeight { get; set; } = 0.1;

    /// <summary>How long a refusal can be explained. Default: 1 day.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "30.00:00:00")]
    public TimeSpan KeepRefusals { get; set; } = TimeSpan.FromDays(1);

    /// <summary>Where networks without a range of their own get a /24 from. Default: 10.128.0.0/12.</summary>
    [Required]
    public string SubnetPool { get; set; } = "10.128.0.0/12";

    /// <summary>So many addresses of public networks a project may reserve. Default: 16.</summary>
    [Range(0, 1_000_000)]
    public int ReservationsPerProject { get; set; } = 16;

    /// <summary>Where networks with IPv6 and without a range of their own get a /64 from. Default: fd6f:6363:6900::/48, of local addresses (RFC 4193).</summary>
    [Required, RegularExpression("^.+/(3[2-9]|[4-5][0-9]|6[0-4])$", ErrorMessage = "Placement:Subnet6Pool must be an IPv6 range of 32 to 64 bits.")]
    public string Subnet6Pool { get; set; } = "fd6f:6363:6900::/48";
}
