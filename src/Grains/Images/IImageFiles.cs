namespace Controller.Grains.Images;

/// <summary>The store of images' bytes, as far as grains need to know: their bytes never pass through one.</summary>
public interface IImageFiles
{
    /// <summary>Whether a file of that digest is there.</summary>
    Task<bool> Has(string sha256);
}
