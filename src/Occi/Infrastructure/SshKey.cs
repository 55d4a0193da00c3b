namespace Occi.Infrastructure;

/// <summary>The SSH key of a compute's first user (GFD.224 §3.5.3).</summary>
public static class SshKey
{
    /// <summary><c>occi.credentials.ssh.publickey</c></summary>
    public static readonly Attr PublicKey = new("occi.credentials.ssh.publickey", AttrType.Text, "Content of the public key file.") { Required = true };

    /// <summary>The mixin.</summary>
    public static readonly Mixin Mixin = new(new(Scheme.Root + "/credentials#", "ssh_key"))
    {
        Title = "Credentials mixin", Location = "/mixin/ssh_key/", Applies = [Compute.Kind], Attributes = [PublicKey], Role = "credentials",
    };
}
