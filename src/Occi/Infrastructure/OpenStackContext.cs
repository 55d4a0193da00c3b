namespace Occi.Infrastructure;

/// <summary>
/// Mixins of OpenStack that deployed clients send at every launch (D-22); not of the OGF. Each means the same as one of ours, and an
/// entity has one of the two at most.
/// </summary>
public static class OpenStackContext
{
    /// <summary><c>org.openstack.credentials.publickey.name</c></summary>
    public static readonly Attr KeyName = new("org.openstack.credentials.publickey.name", AttrType.Text, "Name of the key.");

    /// <summary><c>org.openstack.credentials.publickey.data</c></summary>
    public static readonly Attr KeyData = new("org.openstack.credentials.publickey.data", AttrType.Text, "Content of the public key file.");

    /// <summary><c>org.openstack.compute.user_data</c>, in base64.</summary>
    public static readonly Attr UserDataText = new("org.openstack.compute.user_data", AttrType.Text, "Contextualisation data in base64.") { SetOnce = true };

    /// <summary>As <see cref="SshKey"/>.</summary>
    public static readonly Mixin PublicKey = new(new("http://schemas.openstack.org/instance/credentials#", "public_key"))
    {
        Title = "OpenStack public key",
        Location = "/mixin/openstack/public_key/",
        Applies = [Compute.Kind],
        Attributes = [KeyName, KeyData],
        Role = SshKey.Mixin.Role,
    };

    /// <summary>As <see cref="Infrastructure.UserData"/>.</summary>
    public static readonly Mixin UserData = new(new("http://schemas.openstack.org/compute/instance#", "user_data"))
    {
        Title = "OpenStack user data",
        Location = "/mixin/openstack/user_data/",
        Applies = [Compute.Kind],
        Attributes = [UserDataText],
        Role = Infrastructure.UserData.Mixin.Role,
    };
}
