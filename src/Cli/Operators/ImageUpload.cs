using System.Buffers.Binary;

namespace Controller.Cli.Operators;

/// <summary>Sends disk images to the image store.</summary>
internal static class ImageUpload
{
    public const uint QcowMagic = 0x514649fb;   // "QFI", 0xfb

    public static async Task Send(ApiClient api, string path, string term, string title, CancellationToken cancel)
    {
        await using var file = File.OpenRead(path);
        var head = new byte[4];
        await file.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, cancel);
        file.Position = 0;
        // A qcow2 file says so itself; anything else is a raw disk.
        var format = BinaryPrimitives.ReadUInt32BigEndian(head) == QcowMagic ? "qcow2" : "raw";
        using var content = new StreamContent(file);
        content.Headers.ContentType = new("application/octet-stream");
        await api.Text(HttpMethod.Put, $"/admin/images/{Uri.EscapeDataString(term)}?title={Uri.EscapeDataString(title)}&format={format}", content, "application/json", cancel);
    }
}
