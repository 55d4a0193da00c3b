using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Controller.Cli.Operators;
using Controller.Cli.Processes;

namespace Controller.Cli.Local.Steps;

/// <summary>Builds the tiny demo image and offers it as OS template <c>demo</c>.</summary>
internal static class DemoImage
{
    public const string Term = "demo";

    private static string Deploy => Path.Combine(Programs.Home, "deploy", "guest");

    /// <summary>The Debian packages that building it takes.</summary>
    public static PackageSet Packages() => PackageSet.FromList("the demo image", Path.Combine(Deploy, "packages"));

    /// <summary>Builds it unless it was built from the same files before; its path.</summary>
    /// <param name="data">Where.</param>
    /// <param name="real">False where its packages are not there: then a blank disk, enough for simulated machines.</param>
    /// <param name="cancel">Ends the build.</param>
    public static async Task<string> Build(DataDirectory data, bool real, CancellationToken cancel)
    {
        var path = Path.Combine(data.Guest, real ? "demo.qcow2" : "blank.qcow2");
        if (!real)
        {
            await File.WriteAllBytesAsync(path, BlankDisk(), cancel);
            return path;
        }
        var stamp = path + ".stamp";
        var sources = Programs.Fingerprint(Deploy, ["."]);
        if (File.Exists(path) && SafeFile.Read(stamp) == sources)
            return path;
        var log = data.Log("demo-image");
        File.Delete(log);
        if (await Tool.RunLogged("bash", [Path.Combine(Deploy, "build.sh"), path, Path.Combine(data.Guest, "packages")], log, cancel: cancel) != 0)
            throw new StepFailedException("the demo image can't be built", log);
        SafeFile.Write(stamp, sources);
        return path;
    }

    /// <summary>Uploads it unless the cluster has the same already; says what it did.</summary>
    public static async Task<string> Import(ApiClient api, string path, CancellationToken cancel)
    {
        string digest;
        await using (var file = File.OpenRead(path))
            digest = Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancel));
        var images = await api.Json(HttpMethod.Get, "/admin/images", null, cancel) as JsonArray ?? [];
        if (images.Any(i => (string?)i?["term"] == Term && (string?)i["sha256"] == digest))
            return $"os_tpl {Term}, there already";
        await ImageUpload.Send(api, path, Term, "Demo", cancel);
        return $"os_tpl {Term}, {new FileInfo(path).Length / 1048576.0:0.0} MiB";
    }

    /// <summary>A valid qcow2 (version 2) disk of 32 MiB in which nothing is allocated.</summary>
    public static byte[] BlankDisk()
    {
        const int clusterBits = 16, cluster = 1 << clusterBits;
        const long virtualSize = 32L << 20;
        // Clusters: header, refcount table, refcount block, L1 table.
        var disk = new byte[4 * cluster];
        var header = disk.AsSpan();
        BinaryPrimitives.WriteUInt32BigEndian(header, ImageUpload.QcowMagic);
        BinaryPrimitives.WriteUInt32BigEndian(header[4..], 2);
        BinaryPrimitives.WriteUInt32BigEndian(header[20..], clusterBits);
        BinaryPrimitives.WriteInt64BigEndian(header[24..], virtualSize);
        BinaryPrimitives.WriteUInt32BigEndian(header[36..], 1);               // entries of the L1 table
        BinaryPrimitives.WriteInt64BigEndian(header[40..], 3 * cluster);      // L1 table
        BinaryPrimitives.WriteInt64BigEndian(header[48..], 1 * cluster);      // refcount table
        BinaryPrimitives.WriteUInt32BigEndian(header[56..], 1);               // clusters of the refcount table
        BinaryPrimitives.WriteInt64BigEndian(header[cluster..], 2 * cluster); // its first entry: the refcount block
        for (var used = 0; used < 4; used++)
            BinaryPrimitives.WriteUInt16BigEndian(header[(2 * cluster + 2 * used)..], 1);
        return disk;
    }
}
