namespace Occi.Extension;

/// <summary>Schemes of the provider's own categories.</summary>
internal static class Scheme
{
    public const string Root = "http://controller.local/occi/";
    public const string Infrastructure = Root + "infrastructure";
    public const string Kinds = Infrastructure + "#";
    public const string Storage = Root + "storage#";
    public const string StorageActions = Root + "storage/action#";
    public const string Compute = Root + "compute#";
    public const string Machine = Infrastructure + "/compute#";
    public const string Network = Root + "network#";
    public const string NetworkInterface = Root + "networkinterface#";
    public const string Placement = Root + "placement#";
    public const string Zones = Root + "zone#";
}
