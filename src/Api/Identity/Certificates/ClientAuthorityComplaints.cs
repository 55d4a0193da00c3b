using Microsoft.Extensions.Options;

namespace Controller.Api.Identity.Certificates;

/// <summary>Refuses at start an authority of users' certificates that can't be one.</summary>
internal sealed class ClientAuthorityComplaints(IOptions<PkiOptions> pki) : IValidateOptions<ApiOptions>
{
    public ValidateOptionsResult Validate(string? name, ApiOptions options) =>
        (ClientAuthority.Wrong(options, pki.Value) ?? ClientRevocations.Wrong(options)) is { } wrong ? ValidateOptionsResult.Fail(wrong) : ValidateOptionsResult.Success;
}
