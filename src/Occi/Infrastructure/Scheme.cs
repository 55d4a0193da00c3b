namespace Occi.Infrastructure;

/// <summary>Schemes of OCCI Infrastructure (GFD.224).</summary>
internal static class Scheme
{
    public const string Root = "http://schemas.ogf.org/occi/infrastructure";
    public const string Kinds = Root + "#";
}
