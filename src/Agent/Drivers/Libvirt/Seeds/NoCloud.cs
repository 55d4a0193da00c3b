using System.Text;
using System.Text.Json;
using Controller.Agent.Protocol;

namespace Controller.Agent.Drivers.Libvirt.Seeds;

/// <summary>cloud-init's NoCloud data source: a disk labelled "cidata". Strings are written as JSON, which is YAML too, so none can break out.</summary>
internal static class NoCloud
{
    public static byte[] Disk(Seed seed)
    {
        var files = new List<(string, byte[])>
        {
            ("meta-data", Encoding.UTF8.GetBytes(MetaData(seed))),
            // There, and empty: cloud-init would look for it in other places.
            ("vendor-data", []),
            ("user-data", seed.UserData.Length > 0 ? seed.UserData.ToByteArray() : Encoding.UTF8.GetBytes(CloudConfig(seed))),
        };
        if (seed.NetworkConfig.Length > 0)
            files.Add(("network-config", Encoding.UTF8.GetBytes(seed.NetworkConfig)));
        return IsoImage.Write("cidata", files);
    }

    public static string MetaData(Seed seed)
    {
        var text = new StringBuilder();
        text.Append("instance-id: ").Append(Quoted(seed.InstanceId)).Append('\n');
        if (seed.Hostname.Length > 0)
            text.Append("local-hostname: ").Append(Quoted(seed.Hostname)).Append('\n');
        if (seed.SshKeys.Count > 0)
        {
            // The shape that EC2's metadata has, which cloud-init reads keys from.
            text.Append("public-keys:\n");
            for (var i = 0; i < seed.SshKeys.Count; i++)
                text.Append("  key").Append(i).Append(": ").Append(Quoted(seed.SshKeys[i].Trim())).Append('\n');
        }
        return text.ToString();
    }

    /// <summary>Used where the tenant brought no user data of their own.</summary>
    private static string CloudConfig(Seed seed)
    {
        var text = new StringBuilder("#cloud-config\n");
        if (seed.Hostname.Length > 0)
            text.Append("preserve_hostname: false\nhostname: ").Append(Quoted(seed.Hostname)).Append('\n');
        if (seed.SshKeys.Count > 0)
        {
            text.Append("ssh_authorized_keys:\n");
            foreach (var key in seed.SshKeys)
                text.Append("  - ").Append(Quoted(key.Trim())).Append('\n');
        }
        return text.ToString();
    }

    // Escapes only what YAML needs escaped: a key holds '+', which the default encoder writes as \u002B.
    private static string Quoted(string text) => JsonSerializer.Serialize(text, Relaxed.Instance.String);
}
