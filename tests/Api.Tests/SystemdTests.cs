using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Controller.Api.Tests.Cloud;

namespace Controller.Api.Tests;

/// <summary>What a process tells systemd; the socket is as systemd's own.</summary>
public sealed class SystemdTests
{
    [Fact]
    public async Task A_service_says_that_it_is_ready_alive_and_stopping()
    {
        await using var place = await Place.Make();
        using var systemd = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        systemd.Bind(new UnixDomainSocketEndPoint(place.In("notify")));
        await using var api = ChildProcess.Start(
            "controller-api.dll", place.ApiSettings("http://127.0.0.1:0"), new Dictionary<string, string> { ["NOTIFY_SOCKET"] = place.In("notify"), ["WATCHDOG_USEC"] = "100000" });
        Assert.Equal("READY=1", await Told(systemd));
        Assert.Equal("WATCHDOG=1", await Told(systemd));
        Assert.Equal("WATCHDOG=1", await Told(systemd));
        using (var kill = Process.Start("/bin/kill", ["-TERM", api.Id.ToString(CultureInfo.InvariantCulture)]))
            await kill.WaitForExitAsync();
        string told;
        do
            told = await Told(systemd);
        while (told == "WATCHDOG=1");
        Assert.Equal("STOPPING=1", told);
    }

    private static async Task<string> Told(Socket systemd)
    {
        var message = new byte[256];
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        return Encoding.UTF8.GetString(message, 0, await systemd.ReceiveAsync(message, patience.Token));
    }
}
