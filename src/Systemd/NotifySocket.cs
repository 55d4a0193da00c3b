using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Controller.Systemd;

/// <summary>The socket at which systemd listens to a service of Type=notify (sd_notify(3)). Compiled into silo, API and agent, which have no library in common.</summary>
internal sealed class NotifySocket(string path, TimeSpan? watchdogEvery)
{
    public const string Ready = "READY=1", Alive = "WATCHDOG=1", Stopping = "STOPPING=1";

    /// <summary>The variables that a child process must not inherit: they are of its parent.</summary>
    public const string PathVariable = "NOTIFY_SOCKET", WatchdogVariable = "WATCHDOG_USEC";

    /// <summary>How often it wants to hear <see cref="Alive"/>: every half of WatchdogSec; null: never.</summary>
    public TimeSpan? WatchdogEvery => watchdogEvery;

    /// <summary>Null: no systemd waits for anything.</summary>
    public static NotifySocket? FromEnvironment()
    {
        if (Environment.GetEnvironmentVariable(PathVariable) is not { Length: > 0 } path) return null;
        var watched = long.TryParse(Environment.GetEnvironmentVariable(WatchdogVariable), CultureInfo.InvariantCulture, out var microseconds) && microseconds > 0;
        return new(path, watched ? TimeSpan.FromMicroseconds(microseconds / 2.0) : null);
    }

    /// <param name="state">What it is told.</param>
    /// <param name="wait">Whether to wait where its queue is full, as it is when systemd does nothing.</param>
    /// <returns>Why it could not be told; null: it was.</returns>
    public string? Tell(string state, bool wait)
    {
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { Blocking = wait };
            // An abstract name begins with @ in the variable, and with a zero for the kernel.
            socket.SendTo(Encoding.UTF8.GetBytes(state), new UnixDomainSocketEndPoint(path[0] == '@' ? '\0' + path[1..] : path));
            return null;
        }
        catch (SocketException e)
        {
            return e.Message;
        }
    }
}
