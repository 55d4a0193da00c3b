using System.Collections.Concurrent;
using Controller.Agent.Drivers;
using Controller.Agent.Ledger;
using Controller.Agent.Protocol;
using Controller.Agent.Session;
using Grpc.Core;
using Microsoft.Extensions.Options;

namespace Controller.Agent.Images;

/// <summary>Brings images from the control plane into the host's cache, each once.</summary>
internal sealed partial class ImageStore(ActiveDriver active, CurrentGateway gateway, HostLedger ledger, IOptions<AgentOptions> options, ILogger<ImageStore> log)
{
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _fetching = new();

    public async Task Ensure(Image image, CancellationToken cancel)
    {
        if (await active.Driver.HasImage(image, cancel)) return;
        // Several machines of one image: the first one fetches, the others find it.
        var turn = _fetching.GetOrAdd(image.Sha256, _ => new SemaphoreSlim(1));
        await turn.WaitAsync(cancel);
        try
        {
            if (await active.Driver.HasImage(image, cancel)) return;
            await Fetch(image, cancel);
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>Makes room.</summary>
    public Task Prune(CancellationToken cancel) => active.Driver.PruneImages(Wanted(), options.Value.ImageCacheBytes, cancel);

    /// <summary>What is still to be made of images; what was made says so itself.</summary>
    private HashSet<string> Wanted() =>
        [.. ledger.All.Where(entry => !entry.Desired.Absent).Select(entry => (entry.Desired.Machine?.Image ?? entry.Desired.Volume?.Image)?.Sha256).OfType<string>()];

    private async Task Fetch(Image image, CancellationToken cancel)
    {
        var client = gateway.Client
            ?? throw new DriverException("no-gateway", $"Image {image.Sha256} is not on this host, and no gateway is connected to fetch it from.", retryable: true);
        LogFetching(image.Sha256, image.SizeBytes);
        try
        {
            using var call = client.FetchImage(new FetchImageRequest { Sha256 = image.Sha256 }, cancellationToken: cancel);
            await using var bytes = new ImageStream(call.ResponseStream);
            await active.Driver.EnsureImage(image, bytes, cancel);
            await Prune(cancel);
        }
        catch (RpcException failure) when (!cancel.IsCancellationRequested)
        {
            var missing = failure.StatusCode == StatusCode.NotFound;
            throw new DriverException(missing ? "image-not-found" : "image-fetch",
                $"Image {image.Sha256} could not be fetched: {failure.StatusCode}, {failure.Status.Detail}", retryable: true, failure);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Fetching image {Sha256}, {SizeBytes} bytes")]
    private partial void LogFetching(string sha256, ulong sizeBytes);
}
