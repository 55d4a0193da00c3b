using Controller.Contracts;
using Controller.Grains.Availability;
using Controller.Silo.Fences;

namespace Controller.Grains.Tests.Availability;

/// <summary>What fences say of a host that is off, on, or whose fence is gone. A thing that is not certain is never "off".</summary>
public sealed class FenceTests : IDisposable
{
    private readonly string _files = Directory.CreateTempSubdirectory("fence-test-").FullName;

    [Fact]
    public async Task Redfish_switches_a_host_off_and_sees_that_it_is()
    {
        await using var bmc = await Bmc.Start();
        var (fence, target) = (new RedfishFence(), Target(bmc));
        Assert.Null(fence.Refusal(target.Fence));
        Assert.Equal(PowerState.On, (await fence.Look(target, default)).Power);
        await fence.SwitchOff(target, default);
        Assert.False(bmc.IsOn);
        Assert.Equal((PowerState.Off, null), await fence.Look(target, default));
    }

    [Fact]
    public async Task A_bmc_with_another_certificate_or_another_password_or_none_at_all_proves_nothing()
    {
        var bmc = await Bmc.Start();
        var (fence, target) = (new RedfishFence(), Target(bmc));
        bmc.LosePower();
        await Refused(target with { Fence = target.Fence with { AuthorityFile = "" } }, "certificate");
        await Refused(target with { Fence = target.Fence with { User = "nobody" } }, "answered 401");
        await Refused(target with { Fence = target.Fence with { Address = target.Fence.Address + "7" } }, "answered 404");
        await Refused(target with { Fence = target.Fence with { PasswordFile = Path.Combine(_files, "none") } }, "cannot be read");
        await bmc.DisposeAsync();
        await Refused(target, "could not be asked");

        async Task Refused(FenceTarget wrong, string why)
        {
            Assert.Contains(why, (await Assert.ThrowsAsync<FenceException>(() => fence.Look(wrong, default))).Message, StringComparison.Ordinal);
            Assert.Contains(why, (await Assert.ThrowsAsync<FenceException>(() => fence.SwitchOff(wrong, default))).Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("bmc", "")]
    [InlineData("ftp://bmc/redfish/v1/Systems/1", "")]
    [InlineData("https://bmc", "")]
    [InlineData("http://bmc/redfish/v1/Systems/1", "root")]   // the password would be read on the way
    public void Redfish_wants_an_address_that_can_be_one(string address, string user) =>
        Assert.Contains(address, new RedfishFence().Refusal(new() { Driver = "redfish", Address = address, User = user }), StringComparison.Ordinal);

    [Theory]
    [InlineData(0, PowerState.Off)]
    [InlineData(1, PowerState.On)]
    [InlineData(2, PowerState.Unknown)]
    [InlineData(127, PowerState.Unknown)]
    public async Task A_command_is_told_whose_power_and_its_exit_code_is_believed(int code, PowerState power)
    {
        var fence = new CommandFence(new() { FenceCommand = Script($"echo \"$FENCE_ACTION $FENCE_HOST_NAME $FENCE_ADDRESS\" | tee -a {_files}/said; exit {code}") });
        var target = new FenceTarget(Guid.NewGuid(), "h1", new() { Driver = "command", Address = "outlet 7" });
        var (seen, why) = await fence.Look(target, default);
        Assert.Equal(power, seen);
        Assert.Contains("status h1 outlet 7", why, StringComparison.Ordinal);
        if (code == 0)
            await fence.SwitchOff(target, default);
        else
            Assert.Contains($"ended with {code}", (await Assert.ThrowsAsync<FenceException>(() => fence.SwitchOff(target, default))).Message, StringComparison.Ordinal);
        Assert.Contains("off h1 outlet 7", await File.ReadAllTextAsync(Path.Combine(_files, "said")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_command_that_hangs_is_ended_with_all_that_it_started()
    {
        var fence = new CommandFence(new() { FenceCommand = Script($"sleep 1000 & echo $! > {_files}/child; wait") });
        using var late = new CancellationTokenSource();
        var asked = fence.Look(new(Guid.NewGuid(), "h1", new() { Driver = "command" }), late.Token);
        var child = Path.Combine(_files, "child");
        await Testing.Eventually.Is("it runs", () => Task.FromResult(File.Exists(child) && File.ReadAllText(child).EndsWith('\n')));
        await late.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);
        var pid = (await File.ReadAllTextAsync(child)).Trim();
        await Testing.Eventually.Is("its child is gone", () => Task.FromResult(!Directory.Exists($"/proc/{pid}") || File.ReadAllText($"/proc/{pid}/stat").Contains(") Z ", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_command_that_nobody_has_set_up_is_refused() =>
        Assert.Contains("HighAvailability:FenceCommand", new CommandFence(new()).Refusal(new() { Driver = "command" }), StringComparison.Ordinal);

    public void Dispose() => Directory.Delete(_files, recursive: true);

    private FenceTarget Target(Bmc bmc)
    {
        var (password, authority) = (Path.Combine(_files, "password"), Path.Combine(_files, "ca.pem"));
        File.WriteAllText(password, Bmc.Password + "\n");
        File.WriteAllText(authority, bmc.Authority);
        return new(Guid.NewGuid(), "h1", new() { Driver = "redfish", Address = bmc.Address, User = Bmc.User, PasswordFile = password, AuthorityFile = authority });
    }

    private string Script(string body)
    {
        var path = Path.Combine(_files, "fence");
        File.WriteAllText(path, "#!/bin/sh\n" + body + "\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return path;
    }
}
