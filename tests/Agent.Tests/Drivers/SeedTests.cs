using System.Buffers.Binary;
using System.Text;
using Controller.Agent.Drivers.Libvirt.Seeds;
using Controller.Agent.Protocol;
using CsCheck;
using Google.Protobuf;

namespace Controller.Agent.Tests.Drivers;

/// <summary>What a guest reads from the disk that we write. The demo guest, which mounts one, judges the rest.</summary>
public sealed class SeedTests
{
    private const int Sector = 2048;

    [Fact]
    public void The_label_stands_where_blkid_looks_for_it() =>
        Assert.Equal("cidata", Encoding.ASCII.GetString(NoCloud.Disk(new Seed { InstanceId = "i" }), (16 * Sector) + 40, 6));

    [Fact]
    public void Every_file_is_found_again_in_both_trees() =>
        Gen.Byte.Array[0, 5000].Array[1, 8].Sample(contents =>
        {
            var files = contents.Select((data, i) => ($"file-{i}", data)).ToList();
            var image = IsoImage.Write("label", files);
            Assert.Equal(0, image.Length % Sector);
            Assert.Equal(files.Select(file => (file.Item1.ToUpperInvariant() + ";1", Convert.ToHexString(file.data))), Read(image, 16, Encoding.ASCII));
            Assert.Equal(files.Select(file => (file.Item1, Convert.ToHexString(file.data))), Read(image, 17, Encoding.BigEndianUnicode));
        });

    [Fact]
    public void The_same_seed_gives_the_same_bytes()
    {
        var seed = new Seed { InstanceId = "i-1", Hostname = "web", SshKeys = { "ssh-rsa A+/=" }, UserData = ByteString.CopyFromUtf8("#!/bin/sh\n") };
        Assert.Equal(NoCloud.Disk(seed), NoCloud.Disk(seed.Clone()));
        Assert.NotEqual(NoCloud.Disk(seed), NoCloud.Disk(new Seed(seed) { Hostname = "other" }));
    }

    [Fact]
    public void Metadata_holds_instance_host_name_and_keys() => Assert.Equal(
        "instance-id: \"i-1\"\nlocal-hostname: \"web\"\npublic-keys:\n  key0: \"ssh-rsa A+/= me@host\"\n",
        NoCloud.MetaData(new Seed { InstanceId = "i-1", Hostname = "web", SshKeys = { "ssh-rsa A+/= me@host\n" } }));

    [Theory]
    [InlineData("a\nruncmd: [reboot]")]
    [InlineData("a\"\nruncmd: [reboot]")]
    public void No_name_breaks_out_of_its_line(string name) =>
        Assert.Equal(2, NoCloud.MetaData(new Seed { InstanceId = "i", Hostname = name }).Count(c => c == '\n'));

    [Fact]
    public void Keys_reach_the_user_by_cloud_config_where_there_is_no_user_data()
    {
        var files = Read(NoCloud.Disk(new Seed { InstanceId = "i", SshKeys = { "ssh-rsa A" } }), 17, Encoding.BigEndianUnicode);
        Assert.Equal("#cloud-config\nssh_authorized_keys:\n  - \"ssh-rsa A\"\n", Encoding.UTF8.GetString(Convert.FromHexString(files.Single(file => file.Name == "user-data").Data)));
        Assert.DoesNotContain(files, file => file.Name == "network-config");
    }

    /// <summary>Reads a flat image as a guest's kernel does: volume descriptor, root directory, extents.</summary>
    private static List<(string Name, string Data)> Read(byte[] image, int volume, Encoding names)
    {
        var root = BinaryPrimitives.ReadInt32LittleEndian(image.AsSpan((volume * Sector) + 156 + 2));
        var files = new List<(string, string)>();
        for (var at = root * Sector; image[at] != 0; at += image[at])
        {
            var (sector, length) = (BinaryPrimitives.ReadInt32LittleEndian(image.AsSpan(at + 2)), BinaryPrimitives.ReadInt32LittleEndian(image.AsSpan(at + 10)));
            Assert.Equal(length, BinaryPrimitives.ReadInt32BigEndian(image.AsSpan(at + 14)));
            if ((image[at + 25] & 2) == 0)
                files.Add((names.GetString(image, at + 33, image[at + 32]), Convert.ToHexString(image.AsSpan(sector * Sector, length))));
        }
        return files;
    }
}
