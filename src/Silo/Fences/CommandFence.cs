using System.Diagnostics;
using Controller.Contracts;
using Controller.Grains.Availability;

namespace Controller.Silo.Fences;

/// <summary>
/// Runs the operator's program (<c>HighAvailability:FenceCommand</c>) with <c>FENCE_ACTION</c> (<c>status</c> or <c>off</c>), <c>FENCE_HOST_ID</c>, <c>FENCE_HOST_NAME</c>,
/// <c>FENCE_ADDRESS</c> and <c>FENCE_USER</c> in its environment. To status it answers with its exit code: 0 the host is off, 1 it is on, else it cannot tell; to off: 0 it was asked to.
/// The last line that it writes is shown.
/// </summary>
internal sealed class CommandFence(AvailabilityOptions options) : IFence
{
    public string Driver => "command";

    public string? Refusal(FenceSettings fence) =>
        options.FenceCommand.Length == 0 ? "The fence \"command\" is not set up: HighAvailability:FenceCommand names no program."
        : !Path.IsPathFullyQualified(options.FenceCommand) ? $"HighAvailability:FenceCommand must be an absolute path, and is \"{options.FenceCommand}\"."
        : null;

    public async Task<(PowerState Power, string? Why)> Look(FenceTarget target, CancellationToken cancel)
    {
        var (code, said) = await Run(target, "status", cancel);
        return code switch
        {
            0 => (PowerState.Off, said),
            1 => (PowerState.On, said),
            _ => (PowerState.Unknown, $"{options.FenceCommand} ended with {code}: {said}"),
        };
    }

    public async Task SwitchOff(FenceTarget target, CancellationToken cancel)
    {
        var (code, said) = await Run(target, "off", cancel);
        if (code != 0)
            throw new FenceException($"{options.FenceCommand} ended with {code}: {said}");
    }

    private async Task<(int Code, string? Said)> Run(FenceTarget target, string action, CancellationToken cancel)
    {
        if (Refusal(target.Fence) is { } why)
            throw new FenceException(why);
        var start = new ProcessStartInfo(options.FenceCommand) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        start.Environment["FENCE_ACTION"] = action;
        start.Environment["FENCE_HOST_ID"] = target.Host.ToString("D");
        start.Environment["FENCE_HOST_NAME"] = target.Name;
        start.Environment["FENCE_ADDRESS"] = target.Fence.Address;
        start.Environment["FENCE_USER"] = target.Fence.User;
        try
        {
            using var process = Process.Start(start) ?? throw new FenceException($"{options.FenceCommand} could not be started.");
            process.StandardInput.Close();
            try
            {
                var output = process.StandardOutput.ReadToEndAsync(cancel);
                var errors = process.StandardError.ReadToEndAsync(cancel);
                await process.WaitForExitAsync(cancel);
                return (process.ExitCode, $"{await output}\n{await errors}".Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault());
            }
            finally
            {
                if (!process.HasExited)
                    process.Kill(entireProcessTree: true);
            }
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new FenceException($"{options.FenceCommand} could not be started: {e.Message}", e);
        }
    }
}
