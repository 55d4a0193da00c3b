using System.ComponentModel.DataAnnotations;
using System.Net;

namespace Controller.Silo.Events;

/// <summary>Section <c>Events</c>.</summary>
public sealed class EventOptions
{
    /// <summary>What is older goes from the log. Default: 7 days.</summary>
    [Range(typeof(TimeSpan), "00:10:00", "400.00:00:00")]
    public TimeSpan KeepFor { get; set; } = TimeSpan.FromDays(7);

    /// <summary>Most events that are kept, however young. Default: 5 million.</summary>
    [Range(1000L, 1_000_000_000L)]
    public long KeepAtMost { get; set; } = 5_000_000;
}

/// <summary>Section <c>Webhooks</c>.</summary>
public sealed class WebhookOptions : IValidatableObject
{
    /// <summary>Networks (<c>10.1.0.0/16</c>) that webhooks may lead into although they are not public. Default: none.</summary>
    public string[] AllowedNetworks { get; set; } = [];

    /// <summary>Whether webhooks may be told by plain http. Default: no.</summary>
    public bool AllowHttp { get; set; }

    /// <summary>Most webhooks of a project. Default: 20.</summary>
    [Range(0, 1000)]
    public int MaxPerProject { get; set; } = 20;

    /// <summary>A delivery must be answered by then. Default: 10 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:01:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>After how many attempts at one event a webhook is given up. Default: 14, which takes about five hours.</summary>
    [Range(1, 100)]
    public int MaxAttempts { get; set; } = 14;

    /// <summary>The first attempt is repeated after this, each further one after twice the time, up to an hour. Default: 5 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:10:00")]
    public TimeSpan FirstRetry { get; set; } = TimeSpan.FromSeconds(5);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) =>
        AllowedNetworks.Where(n => !IPNetwork.TryParse(n, out _)).Select(n => new ValidationResult($"AllowedNetworks: a network like 10.1.0.0/16 was wanted, \"{n}\" was given."));
}
