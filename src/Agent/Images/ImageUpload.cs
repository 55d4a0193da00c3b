using System.Security.Cryptography;
using Controller.Agent.Drivers;
using Controller.Agent.Protocol;
using Controller.Agent.Session;
using Google.Protobuf;
using Grpc.Core;

namespace Controller.Agent.Images;

/// <summary>Brings images from this host into the control plane's store.</summary>
internal sealed partial class ImageUpload(CurrentGateway gateway, TimeProvider time, ILogger<ImageUpload> log)
{
    private const int ChunkBytes = 256 * 1024;
    private const int Attempts = 30;
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(2);

    /// <summary>Code <c>no-space</c> when the store is full, <c>image-store</c> when no gateway took it in a minute.</summary>
    public async Task<Image> Send(DiskCopy disk, ImageBegin save, CancellationToken cancel)
    {
        for (var attempt = 1; ; attempt++)
        {
            string why;
            try
            {
                if (gateway.Client is { } client) return await SendOnce(client, disk.Content, save, cancel);
                why = "no gateway is connected";
            }
            catch (RpcException full) when (full.StatusCode == StatusCode.ResourceExhausted)
            {
                throw new DriverException("no-space", $"The image store has no room for {disk.Content.Length} bytes: {full.Status.Detail}", retryable: false, full);
            }
            catch (Exception failure) when (failure is RpcException or IOException or ObjectDisposedException && !cancel.IsCancellationRequested)
            {
                why = failure is RpcException { Status: var status } ? $"{status.StatusCode}, {status.Detail}" : failure.Message;
            }
            cancel.ThrowIfCancellationRequested();
            if (attempt == Attempts) throw new DriverException("image-store", $"The image could not be stored: {why}", retryable: true);
            LogAgain(disk.Content.Length, why);
            await Task.Delay(Between, time, cancel);
        }
    }

    private static async Task<Image> SendOnce(AgentGateway.AgentGatewayClient client, Stream content, ImageBegin save, CancellationToken cancel)
    {
        using var call = client.StoreImage(cancellationToken: cancel);
        using var sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[ChunkBytes];
        content.Position = 0;
        try
        {
            await call.RequestStream.WriteAsync(new StoreImageChunk { Begin = save }, cancel);
            for (int read; (read = await content.ReadAsync(buffer, cancel)) > 0;)
            {
                sha256.AppendData(buffer, 0, read);
                await call.RequestStream.WriteAsync(new StoreImageChunk { Data = ByteString.CopyFrom(buffer, 0, read) }, cancel);
            }
            var image = new Image { Sha256 = Convert.ToHexStringLower(sha256.GetHashAndReset()), Format = DiskCopy.Format, SizeBytes = (ulong)content.Length };
            await call.RequestStream.WriteAsync(new StoreImageChunk { End = new ImageEnd { Sha256 = image.Sha256, SizeBytes = image.SizeBytes } }, cancel);
            await call.RequestStream.CompleteAsync();
            await call.ResponseAsync;
            return image;
        }
        catch (Exception broken) when (broken is InvalidOperationException or RpcException or IOException && !cancel.IsCancellationRequested)
        {
            // The gateway answered before it had everything: its answer says why, what the write met (a stream that was reset) need not.
            await call.ResponseAsync;
            throw;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "An image of {Bytes} bytes could not be stored, it is tried again: {Why}")]
    private partial void LogAgain(long bytes, string why);
}
