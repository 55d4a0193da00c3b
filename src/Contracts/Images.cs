namespace Controller.Contracts;

/// <summary>Whether an image can be used. On the wire and in records: append only.</summary>
public enum ImageState : byte
{
    /// <summary>Its bytes are in the image store.</summary>
    Ready = 0,

    /// <summary>Its bytes are on their way: a compute is being saved, or a file fetched.</summary>
    Pending = 1,

    /// <summary>Its bytes could not be made.</summary>
    Error = 2,
}

/// <summary>An image that machines can be made from; an <c>os_tpl</c> mixin shows it.</summary>
/// <param name="Term">The mixin's term.</param>
/// <param name="Title">For people.</param>
/// <param name="Sha256">Digest of its bytes, lower-case hex; empty until it is ready.</param>
/// <param name="Format">qcow2 or raw.</param>
/// <param name="SizeBytes">Of the file.</param>
/// <param name="VirtualSizeBytes">Of the disk that a guest sees.</param>
/// <param name="Created">When it was registered first.</param>
/// <param name="Project">The only project that may use it; null: everybody.</param>
/// <param name="State">Whether it can be used.</param>
/// <param name="Message">Why not.</param>
/// <param name="Origin">Of a saved one: the compute that it was, as a path. Of an imported one: the URL.</param>
/// <param name="Import">Of one that is being imported: how far it is.</param>
[GenerateSerializer, Immutable, Alias("ImageView")]
public sealed record ImageView(
    [property: Id(0)] string Term,
    [property: Id(1)] string Title,
    [property: Id(2)] string Sha256,
    [property: Id(3)] string Format,
    [property: Id(4)] long SizeBytes,
    [property: Id(5)] long VirtualSizeBytes,
    [property: Id(6)] DateTimeOffset Created,
    [property: Id(7)] Guid? Project = null,
    [property: Id(8)] ImageState State = ImageState.Ready,
    [property: Id(9)] string? Message = null,
    [property: Id(10)] string? Origin = null,
    [property: Id(11)] ImageImport? Import = null)
{
    /// <summary>Scheme of the provider's OS templates; the standard reserves its own (GFD.221 §5.3.1).</summary>
    public const string Scheme = "http://controller.local/occi/os_tpl#";

    /// <summary>
    /// How the names begin of the attributes that a template's mixin tells these things in. They are the template's, not the machine's: an instance has none of them.
    /// </summary>
    public const string AttributePrefix = "local.controller.image.";

    /// <summary>Type identifier of its mixin.</summary>
    [System.Text.Json.Serialization.JsonIgnore] public string Mixin => Scheme + Term;

    /// <summary>Whether it exists for that caller.</summary>
    public bool IsFor(Caller caller) => Project is not { } project || caller.Sees(project);
}

/// <summary>A file that is fetched from elsewhere to be an image.</summary>
/// <param name="Id">Tells it from every other import.</param>
/// <param name="Url">http or https.</param>
/// <param name="Sha256">What it must be; null: whatever comes.</param>
/// <param name="Format">qcow2 or raw.</param>
/// <param name="Received">Bytes so far.</param>
/// <param name="Expected">Bytes in all, where the server says.</param>
[GenerateSerializer, Immutable, Alias("ImageImport")]
public sealed record ImageImport(
    [property: Id(0)] Guid Id, [property: Id(1)] string Url, [property: Id(2)] string? Sha256, [property: Id(3)] string Format,
    [property: Id(4)] long Received = 0, [property: Id(5)] long? Expected = null);

/// <summary>A save that makes an image.</summary>
/// <param name="Id">Tells it from every other save.</param>
/// <param name="Project">That of the compute.</param>
/// <param name="Title">For people.</param>
/// <param name="Origin">The compute's path.</param>
[GenerateSerializer, Immutable, Alias("ImageSave")]
public sealed record ImageSave([property: Id(0)] Guid Id, [property: Id(1)] Guid Project, [property: Id(2)] string Title, [property: Id(3)] string Origin);

/// <summary>An image, keyed <c>image/term</c>. Its bytes lie in the image store by digest.</summary>
[Alias("IImageGrain")]
public interface IImageGrain : IGrainWithStringKey
{
    /// <summary>Registers it, or replaces what the term stands for.</summary>
    [Alias("Put")] Task<ImageView> Put(string title, string sha256, string format, long sizeBytes, long virtualSizeBytes);

    /// <summary>Registers one whose bytes are still to be made. Repeating it changes nothing. Null: the term is another's.</summary>
    [Alias("Begin")] Task<ImageView?> Begin(ImageSave save);

    /// <summary>Registers one that is to be fetched, or fetched again. Null: the term is a project's.</summary>
    [Alias("Import")] Task<ImageView?> Import(string title, ImageImport import);

    /// <summary>How far its import is. False: it is not wanted (any more).</summary>
    [Alias("Progress")] Task<bool> Progress(Guid import, long received, long? expected);

    /// <summary>Its bytes are in the store. False: that save's or import's image is not there (any more), or the bytes are not in the store.</summary>
    [Alias("Complete")] Task<bool> Complete(Guid save, SavedDisk disk);

    /// <summary>Its bytes will not come. False: that save's image is not there (any more), or its bytes came.</summary>
    [Alias("Fail")] Task<bool> Fail(Guid save, string why);

    [Alias("View")] Task<ImageView?> View();

    [Alias("Delete")] Task<bool> Delete();
}
