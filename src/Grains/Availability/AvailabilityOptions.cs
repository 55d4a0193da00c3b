using System.ComponentModel.DataAnnotations;

namespace Controller.Grains.Availability;

/// <summary>How machines with the mixin <c>ha</c> are kept from running twice. Section <c>HighAvailability</c>.</summary>
public sealed class AvailabilityOptions
{
    /// <summary>A host that cannot renew its lease for this long ends its machines that have one. Default: 60 seconds; a database that is away for longer ends them, too.</summary>
    [Range(typeof(TimeSpan), "00:00:03", "00:30:00")]
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>So much later than the last lease's end a machine is started elsewhere: silos' clocks differ, and ending takes time. Default: 15 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:02", "00:10:00")]
    public TimeSpan Margin { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>A fence must have answered by then. Default: 30 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan FenceTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The program that the fence <c>command</c> runs, on every silo's machine. Default: none, there is no such fence.</summary>
    public string FenceCommand { get; set; } = "";
}
