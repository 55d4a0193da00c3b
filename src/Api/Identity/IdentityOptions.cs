using System.ComponentModel.DataAnnotations;

namespace Controller.Api.Identity;

/// <summary>Section <c>Identity</c>.</summary>
internal sealed class IdentityOptions
{
    /// <summary>Whether people may sign in with a password that is kept here. Default: true.</summary>
    public bool Passwords { get; set; } = true;

    /// <summary>For so long somebody is signed in. Default: 12 hours.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "30.00:00:00")]
    public TimeSpan SessionLifetime { get; set; } = TimeSpan.FromHours(12);

    /// <summary>For so long the token that lets somebody set a password is good. Default: 24 hours.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "30.00:00:00")]
    public TimeSpan ResetLifetime { get; set; } = TimeSpan.FromHours(24);

    /// <summary>So many failed attempts at a name cost nothing; the wait after each further one is twice as long as the one before, from one second. Default: 5.</summary>
    [Range(1, 100)]
    public int FreeAttempts { get; set; } = 5;

    /// <summary>The longest wait. Default: 15 minutes.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan LongestWait { get; set; } = TimeSpan.FromMinutes(15);
}
