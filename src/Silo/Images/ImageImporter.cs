using Controller.Contracts;
using Npgsql;

namespace Controller.Silo.Images;

/// <summary>
/// Fetches images that are to be imported. Any silo may: who has the import's lock in PostgreSQL does, and if it dies its connection does, and another one begins anew. The bytes
/// go from the server into the store; the image's grain hears how far it is.
/// </summary>
internal sealed partial class ImageImporter(NpgsqlDataSource database, IGrainFactory grains, ImageFetcher fetcher, TimeProvider time, ILogger<ImageImporter> logger)
    : BackgroundService
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);
    private readonly Dictionary<string, Task> _underWay = [];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(LookEvery, time);
        while (await timer.WaitForNextTickAsync(stoppingToken).AsTask().ContinueWith(t => t.IsCompletedSuccessfully && t.Result, TaskScheduler.Default))
        {
            try
            {
                foreach (var term in await Waiting(stoppingToken))
                {
                    if (_underWay.GetValueOrDefault(term) is null or { IsCompleted: true })
                        _underWay[term] = Task.Run(() => Import(term, stoppingToken), CancellationToken.None);
                }
            }
            catch (NpgsqlException e)
            {
                LogNotRead(e);
            }
        }
        await Task.WhenAll(_underWay.Values).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task Import(string term, CancellationToken cancel)
    {
        try
        {
            await using var connection = await database.OpenConnectionAsync(cancel);
            if (!await Lock(connection, term, cancel))
                return;
            try
            {
                var image = grains.GetGrain<IImageGrain>("image/" + term);
                if ((await image.View())?.Import is { } import)
                    await Import(term, image, import, cancel);
            }
            finally
            {
                await Unlock(connection, term);
            }
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            LogNotImported(term, e);   // it is still to be imported
            await Task.Delay(LookEvery * 5, time, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task Import(string term, IImageGrain image, ImageImport import, CancellationToken cancel)
    {
        LogFetching(term, import.Url);
        SavedDisk? disk;
        string? why;
        try
        {
            (disk, why) = await fetcher.Fetch(import, (received, expected) => image.Progress(import.Id, received, expected), cancel);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            (disk, why) = (null, $"{import.Url} could not be fetched: {e.Message}");
        }
        if (disk is null)
            await image.Fail(import.Id, why!);
        else
            await image.Complete(import.Id, disk);
        LogImported(term, disk?.Image.Sha256, why);
    }

    private async Task<List<string>> Waiting(CancellationToken cancel)
    {
        await using var command = database.CreateCommand(
            "SELECT id FROM entity WHERE state_name = 'image' AND state = 'pending' AND convert_from(payload, 'UTF8')::jsonb #> '{record,import}' IS NOT NULL");
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var terms = new List<string>();
        while (await reader.ReadAsync(cancel))
            terms.Add(reader.GetString(0)["image/".Length..]);
        return terms;
    }

    private static async Task<bool> Lock(NpgsqlConnection connection, string term, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand("SELECT pg_try_advisory_lock(hashtextextended($1, 1))", connection) { Parameters = { new() { Value = "import " + term } } };
        return await command.ExecuteScalarAsync(cancel) is true;
    }

    private static async Task Unlock(NpgsqlConnection connection, string term)
    {
        await using var command = new NpgsqlCommand("SELECT pg_advisory_unlock(hashtextextended($1, 1))", connection) { Parameters = { new() { Value = "import " + term } } };
        await command.ExecuteScalarAsync();
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Fetching image {Image} from {Url}")]
    private partial void LogFetching(string image, string url);

    [LoggerMessage(Level = LogLevel.Information, Message = "Image {Image} is imported as {Sha256}: {Why}")]
    private partial void LogImported(string image, string? sha256, string? why);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Image {Image} could not be imported yet")]
    private partial void LogNotImported(string image, Exception cause);

    [LoggerMessage(Level = LogLevel.Warning, Message = "What is to be imported could not be read")]
    private partial void LogNotRead(Exception cause);
}
