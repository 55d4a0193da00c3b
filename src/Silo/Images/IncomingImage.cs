using System.Security.Cryptography;
using Controller.Contracts;

namespace Controller.Silo.Images;

/// <summary>An image on its way into the store: a temporary file until it is whole, then named by its digest. What is not kept is deleted.</summary>
internal sealed class IncomingImage(string directory, string temporary, long mostBytes) : IAsyncDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly FileStream _file = new(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0, useAsync: true);
    private readonly MemoryStream _head = new(Qcow2Header.Length);

    /// <summary>In bytes, so far.</summary>
    public long Size { get; private set; }

    /// <summary>Digest of all of it, lower-case hex, once it is finished.</summary>
    public string Sha256 { get; private set; } = "";

    /// <summary>Its first bytes.</summary>
    public byte[] Head => _head.ToArray();

    /// <exception cref="ImageTooLargeException">It would be larger than the store takes.</exception>
    public async Task Append(ReadOnlyMemory<byte> data, CancellationToken cancel)
    {
        if (Size + data.Length > mostBytes)
            throw new ImageTooLargeException($"An image may have {mostBytes} bytes (Images:MaxBytes); this one has more.");
        _hash.AppendData(data.Span);
        _head.Write(data.Span[..(int)Math.Min(data.Length, Qcow2Header.Length - _head.Length)]);
        await _file.WriteAsync(data, cancel);
        Size += data.Length;
    }

    /// <summary>All of it is on disk: a name in the store promises the whole content.</summary>
    public void Finish()
    {
        _file.Flush(flushToDisk: true);
        Sha256 = Convert.ToHexStringLower(_hash.GetHashAndReset());
    }

    /// <summary>Gives it its name; the same content is there at most once.</summary>
    public void Keep() => File.Move(temporary, Path.Combine(directory, Sha256), overwrite: true);

    public async ValueTask DisposeAsync()
    {
        await _file.DisposeAsync();
        _hash.Dispose();
        await _head.DisposeAsync();
        File.Delete(temporary);
    }
}

/// <summary>More bytes than the store takes.</summary>
internal sealed class ImageTooLargeException(string message) : Exception(message);
