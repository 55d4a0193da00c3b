using System.ComponentModel.DataAnnotations;

namespace Controller.Api.Overload;

/// <summary>Section <c>Overload</c>: what an API process takes on, and what it turns away.</summary>
internal sealed class OverloadOptions
{
    /// <summary>Requests that are worked on at a time; more wait. As many as it has connections to the database. Default: 32.</summary>
    [Range(1, 10_000)]
    public int MaxConcurrent { get; set; } = 32;

    /// <summary>So many of them may be of one project. Default: half of <see cref="MaxConcurrent"/>.</summary>
    [Range(1, 10_000)]
    public int? MaxConcurrentPerProject { get; set; }

    /// <summary>So many more are worked on at a time of operators and admins. Default: 8.</summary>
    [Range(1, 1000)]
    public int OperatorsConcurrent { get; set; } = 8;

    /// <summary>Requests that wait at a time; further ones are refused: 429 of the project that has the most waiting, else 503. Default: 256.</summary>
    [Range(1, 100_000)]
    public int MaxQueued { get; set; } = 256;

    /// <summary>One that has waited so long is refused with 503. Default: 2 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:01:00")]
    public TimeSpan MaxWait { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>The body of one that is worked on must be there within this time. Default: 30 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan BodyTimeout { get; set; } = TimeSpan.FromSeconds(30);
}
