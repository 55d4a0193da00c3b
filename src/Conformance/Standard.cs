namespace Controller.Conformance;

/// <summary>The standard's identifiers, written down here once more: the suite shares nothing with a server.</summary>
public static class Standard
{
    public const string Core = "http://schemas.ogf.org/occi/core#";
    public const string Infrastructure = "http://schemas.ogf.org/occi/infrastructure#";

    public const string Entity = Core + "entity";
    public const string Resource = Core + "resource";
    public const string Link = Core + "link";

    public const string Compute = Infrastructure + "compute";
    public const string Network = Infrastructure + "network";
    public const string Storage = Infrastructure + "storage";
    public const string NetworkInterface = Infrastructure + "networkinterface";
    public const string StorageLink = Infrastructure + "storagelink";

    public const string OsTemplate = Infrastructure + "os_tpl";
    public const string ResourceTemplate = Infrastructure + "resource_tpl";
    public const string Template = "http://schemas.ogf.org/occi/infrastructure/compute/template/1.1#";
    public const string IpNetwork = "http://schemas.ogf.org/occi/infrastructure/network#ipnetwork";
    public const string IpNetworkInterface = "http://schemas.ogf.org/occi/infrastructure/networkinterface#ipnetworkinterface";
    public const string SshKey = "http://schemas.ogf.org/occi/infrastructure/credentials#ssh_key";
    public const string UserData = "http://schemas.ogf.org/occi/infrastructure/compute#user_data";

    public const string ComputeAction = "http://schemas.ogf.org/occi/infrastructure/compute/action#";
    public const string NetworkAction = "http://schemas.ogf.org/occi/infrastructure/network/action#";
    public const string StorageAction = "http://schemas.ogf.org/occi/infrastructure/storage/action#";

    public const string TextPlain = "text/plain";
    public const string TextOcci = "text/occi";
    public const string UriList = "text/uri-list";
    public const string Json = "application/occi+json";
    public const string QueryInterface = "/-/";
}
