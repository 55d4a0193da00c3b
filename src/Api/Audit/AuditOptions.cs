using System.ComponentModel.DataAnnotations;

namespace Controller.Api.Audit;

/// <summary>Section <c>Audit</c>.</summary>
internal sealed class AuditOptions
{
    /// <summary>What is older is thrown away. Default: 400 days.</summary>
    [Range(typeof(TimeSpan), "31.00:00:00", "36500.00:00:00")]
    public TimeSpan KeepFor { get; set; } = TimeSpan.FromDays(400);

    /// <summary>So long an answer waits for its entry to be durable; then the client is told that it is not known. Default: 10 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan WriteWithin { get; set; } = TimeSpan.FromSeconds(10);
}
