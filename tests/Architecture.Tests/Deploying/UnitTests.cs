namespace Controller.Architecture.Tests.Deploying;

/// <summary>systemd's units and the scripts of the packages.</summary>
public sealed class UnitTests
{
    public static TheoryData<string> Units => [.. DeployFiles.In("systemd")];

    public static TheoryData<string> Scripts => [.. Repository.TrackedFiles
        .Where(f => f == "controller" || f.StartsWith("deploy/", StringComparison.Ordinal) || f.StartsWith(".ci/", StringComparison.Ordinal))
        .Where(f => File.Exists(Path.Combine(Repository.Root, f)) && File.ReadLines(Path.Combine(Repository.Root, f)).FirstOrDefault() is { } first && first.StartsWith("#!", StringComparison.Ordinal) && first.EndsWith("sh", StringComparison.Ordinal))];

    [Theory, MemberData(nameof(Units))]
    public void A_unit_is_restarted_watched_and_knows_its_files(string unit)
    {
        var lines = DeployFiles.Text(unit).Split('\n');
        foreach (var wanted in (string[])["Type=notify", "Restart=always", "StartLimitIntervalSec=0", "WantedBy=multi-user.target", "LockPersonality=yes"])
            Assert.Contains(wanted, lines);
        Assert.Contains(lines, line => line.StartsWith("WatchdogSec=", StringComparison.Ordinal));
        // A unit is called like its program; the guard is the agent's program, which is told to be it.
        var name = Path.GetFileNameWithoutExtension(unit)["occi-controller-".Length..];
        var (program, command) = name == "guard" ? ("agent", " fence-guard") : (name, "");
        Assert.Contains($"ExecStart=/usr/lib/occi-controller/{program}/controller-{program}{command}", lines);
        Assert.Contains(lines, line => line.StartsWith($"Environment=CONTROLLER_CONFIG=/etc/occi-controller/{program}.json ", StringComparison.Ordinal));
        Assert.True(File.Exists(DeployFiles.Path($"debian/etc/{program}.json")));
        Assert.Contains($"unit occi-controller{(program == "agent" ? "-agent" : "")} {Path.GetFileName(unit)}", DeployFiles.Text("debian/build.sh"), StringComparison.Ordinal);
    }

    // Where systemd is not to be had, the test above is all there is.
    [Theory, MemberData(nameof(Units))]
    public void Systemd_finds_nothing_wrong_but_that_the_program_is_not_installed_here(string unit)
    {
        if (DeployFiles.Run("systemd-analyze", "verify", "--man=no", DeployFiles.Path(unit)) is not { } said)
            return;
        Assert.DoesNotContain(said.Output.Split('\n'), line => line.Contains("occi-controller", StringComparison.Ordinal)
            && !line.Contains("is not executable: No such file or directory", StringComparison.Ordinal));
    }

    [Theory, MemberData(nameof(Scripts))]
    public void A_script_can_be_parsed(string script)
    {
        var path = Path.Combine(Repository.Root, script);
        var shell = File.ReadLines(path).First().EndsWith("bash", StringComparison.Ordinal) ? "bash" : "sh";
        Assert.Equal((0, ""), DeployFiles.Run(shell, "-n", path));
        if (script.StartsWith("deploy/debian/", StringComparison.Ordinal) && DeployFiles.Run("shellcheck", path) is { } checkedBy)
            Assert.True(checkedBy.Exit == 0, checkedBy.Output);
    }

    [Fact]
    public void Packages_have_what_their_scripts_and_units_name()
    {
        foreach (var package in (string[])["occi-controller", "occi-controller-agent", "occi-controller-cli"])
        {
            var control = DeployFiles.Text($"debian/control/{package}");
            foreach (var field in (string[])[$"Package: {package}\n", "Version: @VERSION@\n", "Architecture: @ARCH@\n", "Depends: ", "Description: "])
                Assert.Contains(field, control, StringComparison.Ordinal);
        }
        var tools = DeployFiles.Text("debian/build.sh").Split('\n').Where(l => l.StartsWith("tool occi-controller", StringComparison.Ordinal)).Select(l => l.Split(' ')[^1]).Order();
        Assert.Equal(tools, DeployFiles.In("debian").Where(f => f.StartsWith("debian/bin/", StringComparison.Ordinal)).Select(Path.GetFileName).Order());
    }
}
