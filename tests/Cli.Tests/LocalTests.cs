using System.Buffers.Binary;
using System.Security.Cryptography.X509Certificates;
using Controller.Cli.Local;
using Controller.Cli.Local.Steps;

namespace Controller.Cli.Tests;

public sealed class LocalTests
{
    [Fact]
    public void A_host_can_be_switched_on_that_was_never_off()
    {
        using var directory = new TemporaryDirectory();
        var power = new HostPower(new(directory.Path));
        power.On("host-1");
        power.Off("host-1");
        Assert.True(power.IsOff("host-1"));
        power.On("host-1");
        power.On("host-1");
        Assert.False(power.IsOff("host-1"));
    }

    [Fact]
    public void A_package_list_has_a_name_a_line_and_comments() =>
        Assert.Equal(["qemu-utils", "tini"], PackageSet.Parse("# needed\nqemu-utils\n\n  tini # reaps\n"));

    [Fact]
    public void Only_installed_packages_count_as_installed() =>
        Assert.Equal(["tini", "libc6"], SystemPackages.Installed("tini installed\nqemu-utils config-files\nlibc6 installed\nx not-installed\n"));

    [Fact]
    public void The_apt_line_names_each_package_once() => Assert.Equal(
        "apt-get install -y --no-install-recommends a b c",
        SystemPackages.AptLine([new("one", ["b", "a"]), new("two", ["c", "b"])]));

    [Fact]
    public async Task A_package_that_does_not_exist_is_missing()
    {
        if (Processes.Tool.Find("dpkg-query") is null)
            return;
        var missing = await SystemPackages.Missing([new("why", ["dpkg", "no-such-package-at-all"])], CancellationToken.None);
        Assert.Equal(["no-such-package-at-all"], Assert.Single(missing).Packages);
    }

    [Fact]
    public void Keys_are_made_once_and_are_private()
    {
        using var directory = new TemporaryDirectory();
        var data = new DataDirectory(directory.Path);
        data.Create();
        Keys.Ensure(data.Keys, [], TimeProvider.System);
        var (token, key) = (File.ReadAllText(data.AdminToken), File.ReadAllText(data.Keys.CaKey));
        Assert.Equal("there already", Keys.Ensure(data.Keys, [], TimeProvider.System));
        Assert.Equal((token, key), (File.ReadAllText(data.AdminToken), File.ReadAllText(data.Keys.CaKey)));
        Assert.True(token.Trim().Length >= 43);   // 256 bits in base64url
        Assert.Equal(SafeFile.Private, File.GetUnixFileMode(data.AdminToken));
        Assert.Equal(SafeFile.Private, File.GetUnixFileMode(data.Keys.CaKey));
        using var authority = X509Certificate2.CreateFromPemFile(data.Keys.CaCertificate, data.Keys.CaKey);
        Assert.True(authority.Extensions.OfType<X509BasicConstraintsExtension>().Single().CertificateAuthority);
        Assert.True(authority.HasPrivateKey);
    }

    [Fact]
    public void What_is_not_asked_for_stays_as_it_was()
    {
        var data = new DataDirectory("/nowhere");
        var kept = new ClusterSettings(Silos: 3, Apis: 2, Hosts: 4, Driver: Driver.Libvirt, Port: 9000);
        Assert.Equal(kept, kept.With(new(data, null, null, null, null, null, Detach: false)));
        Assert.Equal(kept, kept.With(new(data, null, null, null, Driver.Auto, null, Detach: false)));
        Assert.Equal(kept with { Silos = 1, Driver = Driver.Simulated, Port = 0 }, kept.With(new(data, 1, null, null, Driver.Simulated, 0, Detach: true)));
    }

    [Fact]
    public void A_data_directory_has_one_name_however_it_is_called()
    {
        using var directory = new TemporaryDirectory();
        var real = Directory.CreateDirectory(Path.Combine(directory.Path, "real", "data")).FullName;
        Directory.CreateSymbolicLink(Path.Combine(directory.Path, "link"), Path.Combine(directory.Path, "real"));
        Assert.Equal(real, new DataDirectory(Path.Combine(directory.Path, "link", "data")).Root);
        Assert.Equal(real, new DataDirectory(real + "/").Root);
        Assert.Equal(real + "/new", new DataDirectory(Path.Combine(directory.Path, "link", "data", "new")).Root);
    }

    [Fact]
    public void Ports_are_remembered_and_differ()
    {
        using var directory = new TemporaryDirectory();
        var data = new DataDirectory(directory.Path);
        var ports = new Ports(data);
        var (one, two) = (ports.Of("silo-1"), ports.Of("silo-2"));
        Assert.NotEqual(one, two);
        Assert.Equal((one, two), (new Ports(data).Of("silo-1"), new Ports(data).Of("silo-2")));
    }

    [Fact]
    public void A_port_that_somebody_took_is_replaced()
    {
        using var directory = new TemporaryDirectory();
        var data = new DataDirectory(directory.Path);
        var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        var taken = ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
        var ports = new Ports(data);
        ports.Set("silo-1", taken);
        Assert.NotEqual(taken, ports.Of("silo-1"));
        listener.Stop();
    }

    [Fact]
    public void Sources_have_another_fingerprint_after_any_change()
    {
        using var directory = new TemporaryDirectory();
        directory.File("src/a.cs", "one");
        string Now() => Programs.Fingerprint(directory.Path, ["src"]);
        var first = Now();
        Assert.Equal(first, Now());
        directory.File("src/obj/b.cs", "generated");
        Assert.Equal(first, Now());
        directory.File("src/b.cs", "two");
        var second = Now();
        Assert.NotEqual(first, second);
        File.Delete(Path.Combine(directory.Path, "src/b.cs"));
        Assert.Equal(first, Now());
        directory.File("src/a.cs", "more");
        Assert.NotEqual(first, Now());
    }

    [Theory]
    [InlineData("""{"connected":true,"driverHealthy":true,"why":""}""", null)]
    [InlineData("""{"connected":false,"driverHealthy":true,"why":"no gateway answers"}""", "no gateway answers")]
    [InlineData("""{"connected":true,"driverHealthy":false,"why":""}""", "not connected")]
    [InlineData("", "not ready yet")]
    public void An_agent_says_how_it_is(string content, string? trouble)
    {
        using var directory = new TemporaryDirectory();
        Assert.Equal(trouble, Health.OfFile(directory.File("health", content)));
    }

    [Fact]
    public void An_agent_that_wrote_nothing_is_not_ready() => Assert.Equal("not ready yet", Health.OfFile("/nowhere/health"));

    [Fact]
    public async Task The_blank_disk_is_a_disk()
    {
        var disk = DemoImage.BlankDisk();
        Assert.Equal(Operators.ImageUpload.QcowMagic, BinaryPrimitives.ReadUInt32BigEndian(disk));
        Assert.Equal(32L << 20, BinaryPrimitives.ReadInt64BigEndian(disk.AsSpan(24)));
        using var directory = new TemporaryDirectory();
        var path = Path.Combine(directory.Path, "blank.qcow2");
        await File.WriteAllBytesAsync(path, disk);
        if (Processes.Tool.Find("qemu-img") is not { } qemuImg)
            return;
        var check = await Processes.Tool.Run(qemuImg, ["check", path]);
        Assert.True(check.Ok, check.LastWords);
    }

    [Theory]
    [InlineData("/tmp/data", "/tmp/data")]
    [InlineData("/tmp/two words", "'/tmp/two words'")]
    [InlineData("it's", @"'it'\''s'")]
    public void What_is_printed_to_be_pasted_is_quoted(string text, string quoted) => Assert.Equal(quoted, Welcome.Quoted(text));

    [Fact]
    public async Task A_step_is_shown_with_its_time_and_what_came_of_it()
    {
        using var output = new StringWriter();
        var progress = new Progress(output, live: false);
        await progress.Step("keys", () => Task.FromResult("made"));
        await Assert.ThrowsAsync<StepFailedException>(() => progress.Step("silos", () => throw new StepFailedException("it ended", null)));
        Assert.Matches(@"^  ok  +\d+\.\d s  keys: made\n fail +\d+\.\d s  silos: it ended\n$", output.ToString());
    }

    [Fact]
    public void A_failure_shows_the_end_of_its_log()
    {
        using var directory = new TemporaryDirectory();
        var log = directory.File("silo.log", string.Concat(Enumerable.Range(1, 100).Select(i => $"line {i}\n")));
        using var output = new StringWriter();
        new Progress(output, live: false).Explain(new("it ended", log));
        Assert.Contains("| line 100\n", output.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("| line 80\n", output.ToString(), StringComparison.Ordinal);
        Assert.Contains(log, output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Secrets_are_never_readable_by_others_and_files_are_replaced_whole()
    {
        using var directory = new TemporaryDirectory();
        var path = Path.Combine(directory.Path, "token");
        SafeFile.Write(path, "one", SafeFile.Private);
        SafeFile.Write(path, "two", SafeFile.Private);
        Assert.Equal("two", SafeFile.Read(path));
        Assert.Equal(SafeFile.Private, File.GetUnixFileMode(path));
        Assert.Equal(["token"], Directory.EnumerateFiles(directory.Path).Select(Path.GetFileName));
    }
}
