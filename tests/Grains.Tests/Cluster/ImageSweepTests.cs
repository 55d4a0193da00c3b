using System.Security.Cryptography;
using Controller.Contracts;
using Controller.Silo;
using Controller.Silo.Images;
using Microsoft.Extensions.Logging.Abstractions;
using Model = Occi.Infrastructure;

namespace Controller.Grains.Tests.Cluster;

/// <summary>Bytes of images that nobody names are freed, and never those of one that somebody comes to name.</summary>
[Collection("cluster")]
public sealed class ImageSweepTests : IDisposable
{
    private readonly ClusterFixture _cluster;
    private readonly PutForward _time = new();
    private readonly ImageOptions _options;
    private readonly ImageStore _store;
    private readonly ImageSweeper _sweeper;

    public ImageSweepTests(ClusterFixture cluster)
    {
        _cluster = cluster;
        _options = new() { Directory = Directory.CreateTempSubdirectory("occi-sweep-").FullName };
        _store = new(_options, _time);
        _sweeper = new(_store, _options, new(cluster.Database), new(), _time, NullLogger<ImageSweeper>.Instance);
    }

    public void Dispose()
    {
        _sweeper.Dispose();
        Directory.Delete(_options.Directory, recursive: true);
    }

    [Fact]
    public async Task What_nobody_names_is_freed_after_a_while_and_what_is_named_stays()
    {
        var (idle, named, used) = (File(), File(), File());
        var image = Image();
        await image.Put("named", named, "raw", 4, 4);
        var other = Image();
        var view = await other.Put("used", used, "raw", 4, 4);
        var host = await _cluster.Host();
        var compute = Guid.NewGuid();
        Assert.True((await _cluster.Entity("compute", compute).Create(new()
        {
            Caller = new(WellKnown.DefaultProject, Role.Member, "tester"), Id = compute, Kind = Model.Compute.Kind.ToString(), Mixins = [view.Mixin],
        })).Ok);
        await other.Delete();   // its machine may still need it

        await Sweep(minutes: 5);
        Assert.All([idle, named, used], sha256 => Assert.True(_store.Open(sha256) is { } file && Closed(file)));
        await Sweep(minutes: 70);
        Assert.True(_store.Open(idle) is { } aside && Closed(aside));   // set aside, and still there for who asks
        await Sweep(minutes: 10);
        Assert.Null(_store.Open(idle));
        Assert.All([named, used], sha256 => Assert.True(_store.Open(sha256) is { } file && Closed(file)));
        await image.Delete();
        await _cluster.Retire(host);
    }

    [Fact]
    public async Task What_comes_to_be_named_while_it_is_set_aside_is_put_back()
    {
        var late = File();
        await Sweep(minutes: 70);
        Assert.Equal([".unnamed-" + late], Directory.GetFiles(_options.Directory).Select(f => Path.GetFileName(f)!));
        var image = Image();
        await image.Put("late", late, "raw", 4, 4);
        await Sweep(minutes: 10);
        Assert.Equal([late], Directory.GetFiles(_options.Directory).Select(f => Path.GetFileName(f)!));
        await image.Delete();
    }

    [Fact]
    public async Task A_save_whose_bytes_are_gone_is_no_template()
    {
        var image = Image();
        var save = Guid.NewGuid();
        await image.Begin(new(save, WellKnown.DefaultProject, "gone", "/compute/x"));
        Assert.False(await image.Complete(save, new(new(new string('e', 64), "qcow2", 4), 4)));
        Assert.Equal(ImageState.Error, (await image.View())!.State);
        await image.Delete();
    }

    private static bool Closed(FileStream file)
    {
        file.Dispose();
        return true;
    }

    private Task Sweep(int minutes)
    {
        _time.Forward(TimeSpan.FromMinutes(minutes));
        return _sweeper.Sweep(default);
    }

    private string File()
    {
        var bytes = RandomNumberGenerator.GetBytes(4);
        var sha256 = Convert.ToHexStringLower(SHA256.HashData(bytes));
        var path = Path.Combine(_options.Directory, sha256);
        System.IO.File.WriteAllBytes(path, bytes);
        System.IO.File.SetLastWriteTimeUtc(path, _time.GetUtcNow().UtcDateTime);
        return sha256;
    }

    private IImageGrain Image() => _cluster.Grains.GetGrain<IImageGrain>("image/swept" + Guid.NewGuid().ToString("N")[..8]);
}
