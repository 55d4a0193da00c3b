using System.ComponentModel.DataAnnotations;
using Controller.Contracts;
using Microsoft.Extensions.Options;

namespace Controller.Api.Identity.Oidc;

/// <summary>Section <c>Oidc</c>: an OpenID Connect provider whose word is taken. Without an issuer there is none.</summary>
internal sealed class OidcOptions
{
    /// <summary>The provider's issuer identifier: an https URL, below which <c>/.well-known/openid-configuration</c> is. Plain http is for 127.0.0.1 and localhost.</summary>
    public string? Issuer { get; set; }

    /// <summary>What people read on the button. Default: Single sign-on.</summary>
    public string Title { get; set; } = "Single sign-on";

    /// <summary>As what the console is known there.</summary>
    public string? ClientId { get; set; }

    /// <summary>A file with the client's secret. Default: none; PKCE is used in any case.</summary>
    public string? ClientSecretFile { get; set; }

    /// <summary>As what the command line is known there: a public client with the device flow. Default: as the console.</summary>
    public string? CliClientId { get; set; }

    /// <summary>The audience that a bearer token for the API must have. Default: the console's or the command line's client.</summary>
    public string? Audience { get; set; }

    /// <summary>What is asked for. Default: openid profile email.</summary>
    public string Scope { get; set; } = "openid profile email";

    /// <summary>The claim with the user's name. Default: preferred_username; where it is missing, the subject is taken.</summary>
    public string NameClaim { get; set; } = "preferred_username";

    /// <summary>The claim with the groups, a list of texts. Default: groups.</summary>
    public string GroupsClaim { get; set; } = "groups";

    /// <summary>How far the provider's clock may be off. Default: 30 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:05:00")]
    public TimeSpan ClockSkew { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long the provider's keys are taken from memory; one that is not known is asked for at once, but not more often than each 10 seconds. Default: 1 hour.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan KeysFor { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Which role a group of the provider's has, in a project (by name or id) or in the cloud.</summary>
    public IList<GroupRole> Roles { get; } = [];

    /// <summary>What is wrong; null: nothing.</summary>
    public string? Complaint()
    {
        if (Issuer is null)
            return null;
        if (!Uri.TryCreate(Issuer, UriKind.Absolute, out var uri) || !(uri.Scheme == Uri.UriSchemeHttps || (uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback)))
            return $"Oidc:Issuer must be an https URL, found '{Issuer}'.";
        if (string.IsNullOrEmpty(ClientId))
            return "With Oidc:Issuer, Oidc:ClientId is needed.";
        if (ClientSecretFile is not null && !File.Exists(ClientSecretFile))
            return $"Oidc:ClientSecretFile must name an existing file, found '{ClientSecretFile}'.";
        return Roles.FirstOrDefault(r => string.IsNullOrEmpty(r.Group) || !Enum.IsDefined(r.Role) || (r.Project is not null && r.Role == Role.Operator)) is { } bad
            ? $"Oidc:Roles: Group and Role (reader, member, operator, admin; in a Project no operator) were wanted, found '{bad.Group}', '{bad.Role}', '{bad.Project}'."
            : null;
    }

    internal sealed class GroupRole
    {
        public string Group { get; set; } = "";

        public string? Project { get; set; }

        public Role Role { get; set; }
    }
}

/// <summary>Says at start what is wrong.</summary>
internal sealed class OidcComplaints : IValidateOptions<OidcOptions>
{
    public ValidateOptionsResult Validate(string? name, OidcOptions options) => options.Complaint() is { } complaint ? ValidateOptionsResult.Fail(complaint) : ValidateOptionsResult.Success;
}
