using Microsoft.Win32.SafeHandles;

namespace Controller.Cli.Consoles;

/// <summary>Keyboard and screen on a machine's serial console. Ctrl-] leaves; a console that is lost with a silo or an API is opened again.</summary>
internal static class SerialAttachment
{
    private const byte Escape = 0x1D;   // Ctrl-]
    private const int PartBytes = 4096;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    // What was typed before the end of a script's input may be answered for so long.
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(2);

    public static async Task<int> Run(ApiClient api, string machine, CancellationToken cancel)
    {
        var socket = await ConsoleSocket.Open(api, machine, "serial", cancel);
        Console.Error.WriteLine("connected; Ctrl-] leaves");
        using var terminal = RawTerminal.Enter();
        // Not Console's own stream: that edits lines. A read that nobody waits for any more ends with the process.
        using var input = new FileStream(new SafeFileHandle(0, ownsHandle: false), FileAccess.Read, 1);
        await using var output = Console.OpenStandardOutput();
        var keys = new Keyboard(input);
        while (true)
        {
            using (socket)
            {
                if (await Serve(socket, keys, output, cancel))
                {
                    await socket.Close();
                    terminal?.Dispose();
                    Console.Error.WriteLine("\nleft");
                    return ExitCode.Ok;
                }
                if (!socket.MayReopen)
                {
                    terminal?.Dispose();
                    Console.Error.WriteLine($"\n{socket.Why}");
                    return socket.EndedWithMachine ? ExitCode.Ok : ExitCode.Failed;
                }
                Console.Error.Write($"\r\n[{socket.Why}: opening it again]\r\n");
            }
            socket = await Reopen(api, machine, cancel);
        }
    }

    /// <summary>True: the user leaves; false: the console is closed.</summary>
    private static async Task<bool> Serve(ConsoleSocket socket, Keyboard keys, Stream output, CancellationToken cancel)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var (showing, typing) = (Show(), Type());
        var leaves = await Task.WhenAny(showing, typing) == typing && await typing;
        await stop.CancelAsync();
        await Task.WhenAll(showing, typing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        cancel.ThrowIfCancellationRequested();
        return leaves;

        async Task Show()
        {
            var buffer = new byte[PartBytes];
            int read;
            while ((read = await socket.Receive(buffer, keys.IsOver ? CancellationToken.None : stop.Token)) > 0)
            {
                await output.WriteAsync(buffer.AsMemory(0, read), stop.Token);
                await output.FlushAsync(stop.Token);
            }
        }

        async Task<bool> Type()
        {
            while (await keys.Next(stop.Token) is { } typed)
            {
                var end = Array.IndexOf(typed, Escape);
                await socket.Send(end < 0 ? typed : typed.AsMemory(0, end), stop.Token);
                if (end >= 0)
                    return true;
            }
            await Task.Delay(Quiet, stop.Token);
            return true;
        }
    }

    private static async Task<ConsoleSocket> Reopen(ApiClient api, string machine, CancellationToken cancel)
    {
        ConsoleSocket? socket = null;
        Exception? trouble = null;
        await Wait.Until(
            async () =>
            {
                try
                {
                    socket = await ConsoleSocket.Open(api, machine, "serial", cancel);
                }
                catch (Exception e) when (e is RefusedException { Status: 409 or 502 or 503 } or CliException or HttpRequestException or IOException)
                {
                    trouble = e;
                }
                return socket is not null;
            },
            Patience, cancel);
        return socket ?? throw new CliException(trouble!.Message);
    }
}
