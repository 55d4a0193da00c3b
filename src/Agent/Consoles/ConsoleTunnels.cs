using Controller.Agent.Drivers;
using Controller.Agent.Protocol;
using Grpc.Core;

namespace Controller.Agent.Consoles;

/// <summary>
/// The consoles that are open on this host. Each has a call of its own to the gateway, so that a screen's pictures hold up nothing that the session says. A
/// serial console has one viewer, the newest.
/// </summary>
internal sealed partial class ConsoleTunnels(ActiveDriver active, ILogger<ConsoleTunnels> log)
{
    private const int Most = 64;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, SerialTurn> _serial = [];
    private int _open;

    public async Task Serve(AgentGateway.AgentGatewayClient client, OpenConsole order, CancellationToken cancel)
    {
        try
        {
            using var call = client.Tunnel(cancellationToken: cancel);
            using var tunnel = new ConsoleTunnel(call, order.ConsoleId, cancel);
            var why = Interlocked.Increment(ref _open) > Most
                ? new Failure { Code = "busy", Message = $"{Most} consoles are open on this host already.", Retryable = true }
                : await Run(tunnel, order, cancel);
            LogClosed(order.ConsoleId, order.MachineId, why?.Code ?? "left");
            if (why is not null) await tunnel.Close(why);
        }
        catch (Exception gone) when (gone is RpcException or OperationCanceledException or IOException)
        {
            LogLost(order.ConsoleId, order.MachineId, gone.Message);
        }
        catch (Exception unexpected)
        {
            LogBroken(order.ConsoleId, order.MachineId, unexpected);   // nobody waits for how this ends
        }
        finally
        {
            Interlocked.Decrement(ref _open);
        }
    }

    private async Task<Failure?> Run(ConsoleTunnel tunnel, OpenConsole order, CancellationToken cancel)
    {
        using var turn = new SerialTurn(cancel);
        try
        {
            var why = await Run(tunnel, order, turn);
            return turn.WasTaken ? Taken() : why;   // however it ended: a stream that is cut under a reader may look like a machine that stopped
        }
        catch (Exception over) when (turn.WasTaken && over is OperationCanceledException or RpcException)
        {
            return Taken();
        }
    }

    private async Task<Failure?> Run(ConsoleTunnel tunnel, OpenConsole order, SerialTurn turn)
    {
        if (order.Kind == ConsoleKind.ConsoleSerial) await Take(order.MachineId, turn);
        try
        {
            await using var console = await active.Driver.OpenConsole(order.MachineId, order.Kind, turn.Token);
            LogOpened(order.ConsoleId, order.MachineId, order.Kind);
            return await tunnel.Run(console, turn.Token);
        }
        catch (DriverException refused)
        {
            return new Failure { Code = refused.Code, Message = refused.Message, Retryable = refused.Retryable };
        }
        finally
        {
            Leave(order.MachineId, turn);
        }
    }

    private static Failure Taken() => new() { Code = "taken", Message = "Another viewer has opened this machine's serial console." };

    private async Task Take(string machine, SerialTurn turn)
    {
        SerialTurn? before;
        lock (_lock)
        {
            before = _serial.GetValueOrDefault(machine);
            _serial[machine] = turn;
        }
        if (before is not null) await before.Taken();
    }

    private void Leave(string machine, SerialTurn turn)
    {
        lock (_lock)
        {
            if (_serial.GetValueOrDefault(machine) == turn) _serial.Remove(machine);
        }
        turn.Ended();
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Console {Console} of machine {Machine} is open: {Kind}")]
    private partial void LogOpened(string console, string machine, ConsoleKind kind);

    [LoggerMessage(Level = LogLevel.Information, Message = "Console {Console} of machine {Machine} is closed: {Why}")]
    private partial void LogClosed(string console, string machine, string why);

    [LoggerMessage(Level = LogLevel.Information, Message = "Console {Console} of machine {Machine} is lost: {Why}")]
    private partial void LogLost(string console, string machine, string why);

    [LoggerMessage(Level = LogLevel.Error, Message = "Console {Console} of machine {Machine} broke off")]
    private partial void LogBroken(string console, string machine, Exception unexpected);
}
