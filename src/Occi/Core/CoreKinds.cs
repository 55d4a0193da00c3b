namespace Occi.Core;

/// <summary>OCCI Core (GFD.221 §5.4): entity, resource, link.</summary>
public static class CoreKinds
{
    /// <summary>Scheme of the three.</summary>
    public const string Scheme = "http://schemas.ogf.org/occi/core#";

    /// <summary><c>occi.core.id</c>: a URI, here <c>urn:uuid:…</c>; the server's.</summary>
    public static readonly Attr Id = new("occi.core.id", AttrType.Uri, "Unique identifier.") { Mutable = false };

    /// <summary><c>occi.core.title</c></summary>
    public static readonly Attr Title = new("occi.core.title", AttrType.Text, "Display name.");

    /// <summary><c>occi.core.summary</c></summary>
    public static readonly Attr Summary = new("occi.core.summary", AttrType.Text, "Short description.");

    /// <summary><c>occi.core.source</c>; a link's ends stay what they are (D-35).</summary>
    public static readonly Attr Source = new("occi.core.source", AttrType.Uri, "Resource that the link starts at; local.") { Required = true, SetOnce = true };

    /// <summary><c>occi.core.target</c></summary>
    public static readonly Attr Target = new("occi.core.target", AttrType.Uri, "What the link points to.") { Required = true, SetOnce = true };

    /// <summary><c>occi.core.target.kind</c></summary>
    public static readonly Attr TargetKind = new("occi.core.target.kind", AttrType.Uri, "Kind of the target where it is an OCCI resource.") { SetOnce = true };

    /// <summary><c>occi.core.source.kind</c></summary>
    public static readonly Attr SourceKind = new("occi.core.source.kind", AttrType.Uri, "Kind of the source.") { Mutable = false };

    /// <summary><c>core#entity</c>: abstract, bound to no path.</summary>
    public static readonly Kind Entity = new(new(Scheme, "entity"), null) { Title = "Entity type", Attributes = [Id, Title] };

    /// <summary><c>core#resource</c></summary>
    public static readonly Kind Resource = new(new(Scheme, "resource"), Entity) { Title = "Resource", Location = "/resource/", Attributes = [Summary] };

    /// <summary><c>core#link</c></summary>
    public static readonly Kind Link = new(new(Scheme, "link"), Entity)
    {
        Title = "Link", Location = "/link/", Attributes = [Source, Target, TargetKind, SourceKind],
    };
}
