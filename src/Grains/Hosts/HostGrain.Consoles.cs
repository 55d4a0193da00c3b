using Controller.Contracts;

namespace Controller.Grains.Hosts;

/// <summary>Consoles: it brings viewer and agent together, and is out of it then.</summary>
internal sealed partial class HostGrain
{
    private readonly ConsoleOpenings _openings;

    public async Task<ConsoleClosed?> OpenConsole(ConsoleOrder order, IConsoleEnd viewer)
    {
        if (_stream is not { } stream || _record.Value is not { } present)
            return new("host-lost", $"Host {_record.Value?.Name ?? Id.ToString()} is not connected.");
        var wanted = order.Kind == ConsoleKind.Vnc ? "console-vnc" : "console-serial";
        if (present.Capabilities?.Features.Contains(wanted) != true)
            return new("no-such-console", $"Host {present.Name} offers no such console ({wanted}).");
        _openings.Add(order.Console, viewer);
        await stream.SendOpenConsole(order);
        return null;
    }

    public Task<IConsoleEnd?> ConsoleReached(Guid console) => Task.FromResult(_openings.Take(console));
}
