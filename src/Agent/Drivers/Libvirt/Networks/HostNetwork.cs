using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;

namespace Controller.Agent.Drivers.Libvirt.Networks;

/// <summary>
/// The host's own network: its devices, and the tools that change them. All of it happens in the network namespace of the process that
/// <see cref="LibvirtOptions.NamespacePidFile"/> names, which is read anew each time: that process may have been replaced. No shell is asked anything.
/// </summary>
internal sealed class HostNetwork(LibvirtOptions options)
{
    private static readonly string[] SystemFolders = ["/usr/sbin", "/sbin", "/usr/bin", "/bin"];

    /// <summary>Whether the tool is installed.</summary>
    public static bool Has(string tool) => Find(tool) is not null;

    public bool HasDevice(string device) => Directory.Exists(Path.Combine(Devices, device));

    public bool IsBridge(string device) => Directory.Exists(Path.Combine(Devices, device, "bridge"));

    public bool HasPort(string bridge, string device) => Directory.Exists(Path.Combine(Devices, bridge, "brif", device));

    /// <summary>Runs a tool. Code <c>host-network</c> with what it complained of when it fails.</summary>
    public async Task<string> Run(string tool, IReadOnlyList<string> arguments, CancellationToken cancel, string? input = null)
    {
        var (ok, output, errors) = await Try(tool, arguments, cancel, input);
        return ok ? output : throw new DriverException("host-network", $"{tool} {string.Join(' ', arguments)} failed: {errors.Trim()}", retryable: true);
    }

    /// <summary>What <c>ip -json</c> or <c>bridge -json</c> prints; an empty array where the tool knows nothing of what was asked for.</summary>
    public async Task<JsonElement> Ask(string tool, IReadOnlyList<string> arguments, CancellationToken cancel)
    {
        var (ok, output, _) = await Try(tool, ["-json", .. arguments], cancel);
        using var document = JsonDocument.Parse(ok && !string.IsNullOrWhiteSpace(output) ? output : "[]");
        return document.RootElement.Clone();
    }

    public async Task<(bool Ok, string Output, string Errors)> Try(string tool, IReadOnlyList<string> arguments, CancellationToken cancel, string? input = null)
    {
        var path = Find(tool)
            ?? throw new DriverException($"no-{tool}", $"The program {tool} is not installed; see deploy/libvirtd/packages.", retryable: false);
        var start = Namespace() is { } pid
            ? new ProcessStartInfo(Find("nsenter") ?? "nsenter", [$"--net=/proc/{pid}/ns/net", "--", path, .. arguments])
            : new ProcessStartInfo(path, arguments);
        (start.RedirectStandardInput, start.RedirectStandardOutput, start.RedirectStandardError) = (true, true, true);
        using var process = Begin(start);
        try
        {
            await process.StandardInput.WriteAsync(input.AsMemory(), cancel);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended before it read all: its exit code tells.
        }
        var output = process.StandardOutput.ReadToEndAsync(cancel);
        var errors = await process.StandardError.ReadToEndAsync(cancel);
        await process.WaitForExitAsync(cancel);
        return (process.ExitCode == 0, await output, errors);
    }

    private string Devices => Namespace() is { } pid ? $"/proc/{pid}/root/sys/class/net" : "/sys/class/net";

    private int? Namespace()
    {
        var file = options.NamespaceFile;
        if (file is null)
            return null;
        try
        {
            return int.Parse(File.ReadAllText(file).Trim(), System.Globalization.CultureInfo.InvariantCulture);
        }
        catch (Exception unreadable) when (unreadable is IOException or FormatException)
        {
            throw new DriverException("no-namespace", $"Libvirt:NamespacePidFile, {file}, was to hold a process id: {unreadable.Message}", retryable: true, unreadable);
        }
    }

    private static Process Begin(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;   // null only where a shell opens a document
        }
        catch (Win32Exception error)
        {
            throw new DriverException("host-network", $"{start.FileName} cannot be run: {error.Message}", retryable: true, error);
        }
    }

    private static string? Find(string tool) =>
        SystemFolders.Concat((Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries))
            .Select(folder => Path.Combine(folder, tool)).FirstOrDefault(File.Exists);
}
