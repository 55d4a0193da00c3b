using Controller.Grains.Images;

namespace Controller.Silo.Images;

internal static class ImageServices
{
    /// <summary>The image store and what fills it, empties it and reads from it.</summary>
    public static void AddImages(this IServiceCollection services, ImageOptions options)
    {
        services.AddSingleton(options);
        services.AddSingleton<ImageStore>();
        services.AddSingleton<IImageFiles>(s => s.GetRequiredService<ImageStore>());
        services.AddSingleton<WantedImages>();
        services.AddSingleton<ISavedImages, SavedImages>();
        services.AddSingleton<ImageFetcher>();
        services.AddSingleton<ImportTurns>();
    }
}
