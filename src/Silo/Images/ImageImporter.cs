using Controller.Contracts;
using Npgsql;

namespace Controller.Silo.Images;

/// <summary>
/// Fetches images that are to be imported, some at a time. Any silo may: who has the import's turn does, and when it dies the turn runs out, and another one begins anew. The bytes
/// go from the server into the store; the image's grain hears how far it is.
/// </summary>
internal sealed partial class ImageImporter(
    NpgsqlDataSource database, IGrainFactory grains, ImageFetcher fetcher, ImportTurns turns, ImageOptions options, TimeProvider time, ILogger<ImageImporter> logger) : BackgroundService
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
                    foreach (var over in _underWay.Where(import => import.Value.IsCompleted).Select(import => import.Key).ToList())
                        _underWay.Remove(over);
                    if (_underWay.Count >= options.ParallelImports)
                        break;
                    if (!_underWay.ContainsKey(term))
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
            if (!await turns.Take(term, cancel))
                return;
            using var turn = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            var renewing = Renew(term, turn);
            try
            {
                var image = grains.GetGrain<IImageGrain>("image/" + term);
                if ((await image.View())?.Import is { } import)
                    await Import(term, image, import, turn.Token);
            }
            finally
            {
                await turn.CancelAsync();
                await renewing;
                await turns.GiveBack(term);
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

    /// <summary>Until the import is over; or ends it, where another has the turn by now.</summary>
    private async Task Renew(string term, CancellationTokenSource turn)
    {
        using var timer = new PeriodicTimer(ImportTurns.RenewEvery, time);
        while (await timer.WaitForNextTickAsync(turn.Token).AsTask().ContinueWith(t => t.IsCompletedSuccessfully && t.Result, TaskScheduler.Default))
        {
            try
            {
                if (!await turns.Take(term, turn.Token))
                    await turn.CancelAsync();
            }
            catch (Exception e) when (e is NpgsqlException or OperationCanceledException)
            {
                // It is tried again, and until then another may take it: what two fetch is there once.
            }
        }
    }

    private async Task<List<string>> Waiting(CancellationToken cancel)
    {
        await using var command = database.CreateCommand(
            "SELECT id FROM entity WHERE state_name = 'image' AND state = 'pending' AND convert_from(payload, 'UTF8')::jsonb #> '{record,import}' IS NOT NULL ORDER BY seq");
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var terms = new List<string>();
        while (await reader.ReadAsync(cancel))
            terms.Add(reader.GetString(0)["image/".Length..]);
        return terms;
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
