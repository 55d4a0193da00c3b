namespace Occi.Extension;

/// <summary>Schemes of what this provider adds to the standard.</summary>
internal static class ProviderScheme
{
    public const string Root = "http://controller.local/occi/";
    public const string Storage = Root + "storage#";
    public const string StorageActions = Root + "storage/action#";
    public const string Compute = Root + "compute#";
}
