using System.CommandLine;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Controller.Cli.Local.Steps;
using Controller.Cli.Models;
using Controller.Cli.Processes;

namespace Controller.Cli.Local;

/// <summary><c>controller up</c>: the whole cloud on this machine.</summary>
internal static class UpCommand
{
    private static readonly Option<int?> Silos = Count("--silos", "Silos, which hold the cloud's state. Default: 1, or as many as the last time.");
    private static readonly Option<int?> Apis = Count("--apis", "API processes. Default: 1, or as many as the last time.");
    private static readonly Option<int?> Hosts = Count("--hosts", "Hypervisor hosts. Default: 1, or as many as the last time.");
    private static readonly Option<int?> Port = new("--port") { Description = "Port of the first API on 127.0.0.1; 0 takes a free one. Default: 8080, or that of the last time.", HelpName = "PORT" };
    private static readonly Option<string?> Extensions = new("--extensions") { Description = "Shipped extensions of the model, separated by commas: platform, sla; none. Default: none, or those of the last time.", HelpName = "NAMES" };
    private static readonly Option<bool> Detach = new("--detach", "-d") { Description = "Returns when the cluster is up; a supervisor goes on in the background." };
    private static readonly Option<Driver?> DriverName = new("--driver") { Description = "auto (libvirt where it works), libvirt or simulated.", HelpName = "DRIVER" };

    // The second half of a detached up: not for people.
    private static readonly Option<bool> NoRealImage = new("--no-real-image") { Hidden = true };
    private static readonly Option<string?> NoLibvirt = new("--no-libvirt") { Hidden = true };

    public static Command Create()
    {
        Port.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int?>() is < 0 or > 65_535)
                result.AddError("--port wants a number from 0 to 65535.");
        });
        var command = new Command("up", "Starts the whole cloud on this machine: database, silos, APIs, agents.") { Silos, Apis, Hosts, DriverName, Port, Extensions, Detach };
        command.SetAction((parse, cancel) => Up(RequestOf(parse), cancel));
        return command;
    }

    /// <summary>The hidden command that goes on in the background.</summary>
    public static Command CreateSupervise()
    {
        var command = new Command("supervise", "Brings a prepared cluster up and keeps it so.") { Silos, Apis, Hosts, DriverName, Port, Extensions, NoRealImage, NoLibvirt };
        command.Hidden = true;
        command.SetAction((parse, _) =>
        {
            var request = RequestOf(parse);
            return Supervise(request.Data, (ClusterSettings.Load(request.Data) ?? new()).With(request), new(parse.GetValue(NoLibvirt), !parse.GetValue(NoRealImage)), detached: true);
        });
        return command;
    }

    private static Option<int?> Count(string name, string description)
    {
        var option = new Option<int?>(name) { Description = description, HelpName = "N" };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int?>() is < 1 or > 16)
                result.AddError($"{name} wants a number from 1 to 16.");
        });
        return option;
    }

    private static UpRequest RequestOf(ParseResult parse) => new(
        Connection.DataOf(parse), parse.GetValue(Silos), parse.GetValue(Apis), parse.GetValue(Hosts), parse.GetValue(DriverName), parse.GetValue(Port), parse.GetValue(Detach), parse.GetValue(Extensions));

    private static async Task<int> Up(UpRequest request, CancellationToken cancel)
    {
        var data = request.Data;
        data.Create();
        if (RunsAlready(data))
            return ExitCode.Ok;
        var settings = (ClusterSettings.Load(data) ?? new()).With(request);
        ExtensionNames.Parse(settings.Extensions);   // a name that does not exist is told before anything is built
        var progress = Progress.ToConsole();
        var prepared = await Guarded(progress, () => Prepare.Run(data, settings, progress, cancel));
        if (prepared is null)
            return ExitCode.Failed;
        return request.Detach ? await InBackground(data, settings, prepared, progress) : await Supervise(data, settings, prepared, detached: false);
    }

    private static bool RunsAlready(DataDirectory data)
    {
        using var probe = ClusterLock.TryTake(data);
        if (probe is not null)
            return false;
        var supervisor = ProcessTable.Load(data).FirstOrDefault(r => r.Role == Role.Supervisor);
        var pid = supervisor is null ? "" : $" (supervisor: pid {supervisor.Process.Pid})";
        Console.WriteLine(SafeFile.Read(data.Endpoint) is { } endpoint
            ? $"It runs already on {data.Root}{pid}: {endpoint}\n\"controller status\" shows its processes, \"controller down\" ends it."
            : $"It is being started or ended on {data.Root}{pid}; \"controller status\" shows how far it is.");
        return true;
    }

    /// <summary>Starts the supervisor in a session of its own and shows what it says until the cluster is up or has failed.</summary>
    private static async Task<int> InBackground(DataDirectory data, ClusterSettings settings, Preparation prepared, Progress progress)
    {
        var log = data.Log("supervisor");
        string[] arguments =
        [
            CopyOfSelf(data), "supervise", "--data", data.Root, "--silos", $"{settings.Silos}", "--apis", $"{settings.Apis}", "--hosts", $"{settings.Hosts}",
            "--driver", settings.Driver.ToString().ToLowerInvariant(), "--port", $"{settings.Port}", "--extensions", settings.Extensions,
            .. prepared.RealImage ? Array.Empty<string>() : ["--no-real-image"],
            .. prepared.LibvirtUnusable is { } why ? (string[])["--no-libvirt", why] : [],
        ];
        File.Delete(log);
        File.Delete(data.Endpoint);
        var logged = Tool.Logged(Programs.Dotnet, arguments, log);
        using var supervisor = Process.Start(new ProcessStartInfo("setsid", [logged.FileName, .. logged.ArgumentList])) ?? throw new CliException("setsid does not start");
        using var relay = new LogRelay(log, progress);
        using var interrupted = new CancellationTokenSource();
        void Interrupt(PosixSignalContext context)
        {
            context.Cancel = true;
            interrupted.Cancel();
        }
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Interrupt);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Interrupt);
        try
        {
            while (!supervisor.HasExited)
            {
                relay.Show();
                if (File.Exists(data.Endpoint) && relay.Ended)
                    return ExitCode.Ok;
                await Task.Delay(50, interrupted.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // Ctrl-C before it is up: it is taken back.
            if (ProcessIdentity.Of(supervisor.Id) is { } identity)
                Signals.Send(identity, Signal.Terminate);
            await supervisor.WaitForExitAsync(CancellationToken.None);
            relay.Show();
            return ExitCode.Interrupted;
        }
        relay.Show();
        return supervisor.ExitCode == 0 ? ExitCode.Failed : supervisor.ExitCode;
    }

    /// <summary>A build must not change the program of a supervisor that runs for weeks.</summary>
    private static string CopyOfSelf(DataDirectory data)
    {
        var target = data.In("supervisor");
        Directory.CreateDirectory(target);
        foreach (var file in Directory.EnumerateFiles(AppContext.BaseDirectory))
            File.Copy(file, Path.Combine(target, Path.GetFileName(file)), overwrite: true);
        return Path.Combine(target, "controller-cli.dll");
    }

    private static async Task<int> Supervise(DataDirectory data, ClusterSettings settings, Preparation prepared, bool detached)
    {
        data.Create();
        using var held = ClusterLock.TryTake(data);
        if (held is null)
        {
            RunsAlready(data);
            return ExitCode.Failed;
        }
        var progress = Progress.ToConsole();
        using var end = new CancellationTokenSource();
        void End(PosixSignalContext context)
        {
            context.Cancel = true;
            end.Cancel();
        }
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
        // A terminal that is closed ends a cluster in the foreground, and leaves one in the background alone.
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
        {
            context.Cancel = true;
            if (!detached)
                end.Cancel();
        });
        var done = await Guarded(progress, async () =>
        {
            await new Cluster(data, settings, prepared, progress).Run(endpoint => progress.Line(Welcome.Text(data, endpoint, detached)), end.Token);
            return "";
        });
        return done is null ? ExitCode.Failed : ExitCode.Ok;
    }

    private static async Task<T?> Guarded<T>(Progress progress, Func<Task<T>> work)
        where T : class
    {
        try
        {
            return await work();
        }
        catch (StepFailedException failure)
        {
            progress.Explain(failure);
            progress.Line($"controller up: {failure.Message}");
            return null;
        }
    }
}
