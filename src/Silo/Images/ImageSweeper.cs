using Npgsql;

namespace Controller.Silo.Images;

/// <summary>
/// Frees the bytes of images that nobody names any more. Between "nobody names it" and the deletion somebody may come to name it, so it goes in steps, each of which can be taken
/// back: <c>SHA</c> → <c>.unnamed-SHA</c> (still there for who asks) → <c>.deleting-SHA</c> (not there any more) → looked for once more → deleted. Whoever names a digest looks
/// afterwards whether it is there: either he has named it before we looked, or he finds it gone.
/// </summary>
internal sealed partial class ImageSweeper(ImageStore store, ImageOptions options, WantedImages wanted, Grains.Restoring.Restoration restoration, TimeProvider time, ILogger<ImageSweeper> logger) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromMinutes(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        while (await timer.WaitForNextTickAsync(stoppingToken).AsTask().ContinueWith(t => t.IsCompletedSuccessfully && t.Result, TaskScheduler.Default))
        {
            try
            {
                await Sweep(stoppingToken);
            }
            catch (Exception e) when (e is IOException or NpgsqlException && !stoppingToken.IsCancellationRequested)
            {
                LogNotSwept(e);   // the next one begins anew
            }
        }
    }

    /// <summary>One step of every file that is due. Several silos may do it at a time: each step is one rename, of which one succeeds.</summary>
    public async Task Sweep(CancellationToken cancel)
    {
        if (!Directory.Exists(store.Root))
            return;
        var named = await wanted.Named(cancel);
        foreach (var (path, sha256) in Files(""))
        {
            if (!named.Contains(sha256) && Age(path) > options.KeepUnnamed)
                Move(path, ImageStore.AsidePrefix + sha256, touch: true);
        }
        foreach (var (path, sha256) in Files(ImageStore.AsidePrefix))
        {
            if (named.Contains(sha256))
                Move(path, sha256, touch: true);
            else if (Age(path) > Every / 2)
                Move(path, ImageStore.DeletingPrefix + sha256, touch: false);
        }
        (string Path, string Sha256)[] going = [.. Files(ImageStore.DeletingPrefix)];
        if (going.Length == 0)
            return;
        named = await wanted.Named(cancel);
        foreach (var (path, sha256) in going)
        {
            if (named.Contains(sha256))
            {
                Move(path, sha256, touch: true);
                continue;
            }
            File.Delete(path);
            LogDeleted(sha256);
        }
    }

    // What was there when the database was restored to an earlier state may be named by what it does not know any more: machines that are still to be adopted, templates saved since.
    private IEnumerable<(string Path, string Sha256)> Files(string prefix) =>
        Directory.GetFiles(store.Root, prefix + "*").Select(path => (path, Path.GetFileName(path)[prefix.Length..]))
            .Where(f => ImageStore.IsDigest(f.Item2) && !restoration.IsBefore(new DateTimeOffset(File.GetLastWriteTimeUtc(f.path), TimeSpan.Zero)));

    private TimeSpan Age(string path) => time.GetUtcNow().UtcDateTime - File.GetLastWriteTimeUtc(path);

    private void Move(string path, string name, bool touch)
    {
        try
        {
            if (touch)
                File.SetLastWriteTimeUtc(path, time.GetUtcNow().UtcDateTime);
            File.Move(path, Path.Combine(store.Root, name), overwrite: true);
        }
        catch (FileNotFoundException)
        {
            // Another silo was first.
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Image {Sha256} is named by nobody: its bytes are freed")]
    private partial void LogDeleted(string sha256);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The image store could not be swept")]
    private partial void LogNotSwept(Exception cause);
}
