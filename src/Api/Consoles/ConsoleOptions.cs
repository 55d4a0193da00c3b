using System.ComponentModel.DataAnnotations;

namespace Controller.Api.Consoles;

/// <summary>Section <c>Console</c>.</summary>
internal sealed class ConsoleOptions
{
    /// <summary>For so long a ticket opens its console, once. Default: 30 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan TicketLifetime { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The most consoles that are open through one API process. Default: 256.</summary>
    [Range(0, 10_000)]
    public int MaxViewers { get; set; } = 256;
}
