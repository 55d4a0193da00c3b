using System.ComponentModel;
using System.Diagnostics;
using Controller.Agent.Drivers.Libvirt.Interop;
using Controller.Agent.Drivers.Libvirt.Storage;

namespace Controller.Agent.Drivers.Libvirt.Machines;

/// <summary>
/// Copies disks, with all that their backing files have in them: those of running machines by a backup job, which the guest does not notice, those of others with qemu-img.
/// A root disk's copy has no name any more when it is handed out: whoever dies while he has it leaves nothing.
/// </summary>
internal sealed class DiskCopying(Folders folders, Places places, Link link, GuestAgents agents)
{
    private const string Full = "No space left on device";

    /// <summary>No backup takes as long; the control plane gives up long before.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    /// <summary>For QEMU to close a file that it has done with: it flushes it first.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    public async Task<DiskCopy> Copy(ObjectKey key, CancellationToken cancel)
    {
        var machine = await link.Call(connect => MachineView.Find(connect, key.Id), cancel);
        if (machine?.Label?.Incarnation != key.Incarnation)
            throw new DriverException("no-such-machine", $"Incarnation {key.Incarnation} of machine {key.Id} is not on this host.", retryable: false);
        if (machine.RootDisk is not { } disk || !File.Exists(disk))
            throw new DriverException("diskless", $"Machine {key.Id} has no root disk.", retryable: false);
        var file = folders.DiskCopy(key);
        File.Delete(file);
        try
        {
            await Write(disk, DiskCopy.Format, file, $"the root disk of machine {key.Id}", cancel);
            var content = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read, 1, FileOptions.Asynchronous | FileOptions.SequentialScan);
            return new DiskCopy(content, ImageHeader.VirtualSize(file, DiskCopy.Format));
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>Writes what is on a disk at one moment to a file, qcow2, in a folder of this host's own.</summary>
    public async Task Write(string disk, string format, string file, string what, CancellationToken cancel)
    {
        var copied = new Copied(disk, format, file, what);
        var user = (await link.Call(connect => Domains.UsersOfFile(connect, disk), cancel)).FirstOrDefault(machine => machine.Active);
        if (user is null || !await Hot(user.Id, copied, cancel))
            await Cold(copied, cancel);
    }

    /// <summary>Ends what a process of before had begun. Its file went with <see cref="Folders.Create"/>.</summary>
    public Task<bool> EndAll(CancellationToken cancel) => link.Call(
        connect =>
        {
            foreach (var machine in Domains.All(connect).Where(machine => machine is { Label: not null, Active: true }))
            {
                foreach (var folder in (string[])[folders.Saving, .. places.All.Select(place => place.Copying)])
                    Backup.Abort(connect, machine.Id, folder);
            }
            return true;
        },
        cancel);

    /// <summary>False when the machine stopped meanwhile.</summary>
    private async Task<bool> Hot(string machine, Copied copied, CancellationToken cancel)
    {
        await link.Call(connect => Backup.Abort(connect, machine, copied.Folder), cancel);   // of a call whose connection broke
        var over = false;
        try
        {
            await agents.Quiesced(machine, () => link.Job(connect => Backup.Begin(connect, machine, copied.Disk, copied.File), cancel, nameof(Backup)), cancel);
            over = await link.Until(connect => !Backup.IsUnderWay(connect, machine, copied.Folder), Longest, cancel);
        }
        catch (LibvirtException error) when (error.Code == LibvirtError.OperationInvalid)
        {
            if (await IsActive(machine, cancel))
                throw;
            return false;
        }
        catch (LibvirtException error) when (error.Message.Contains(Full, StringComparison.Ordinal))
        {
            throw NoSpace(copied, error.Message);
        }
        finally
        {
            if (!over)
                await GiveUp(machine, copied);
        }
        if (!await IsActive(machine, cancel))
        {
            File.Delete(copied.File);
            return false;
        }
        var end = await link.Call(connect => Backup.End(connect, machine), cancel);
        if (end.Complete)
        {
            await LetGo(copied, cancel);
            return true;
        }
        if (end.Why?.Contains(Full, StringComparison.Ordinal) == true)
            throw NoSpace(copied, end.Why);
        throw new DriverException("not-copied", $"QEMU has not copied {copied.What}: {end.Why ?? "it says not why"}.", retryable: true);
    }

    /// <summary>libvirtd says that the job is over a moment before QEMU has closed the file, and until then nobody else can open it.</summary>
    private static async Task LetGo(Copied copied, CancellationToken cancel)
    {
        var since = TimeProvider.System.GetTimestamp();
        while (ImageLock.IsHeld(copied.File))
        {
            if (TimeProvider.System.GetElapsedTime(since) > Patience)
                throw new DriverException("not-copied", $"QEMU has copied {copied.What}, and does not let go of the copy.", retryable: true);
            await Task.Delay(TimeSpan.FromMilliseconds(20), cancel);
        }
    }

    /// <summary>Ends the backup if libvirtd can be asked to. Else the next copy or start does.</summary>
    private async Task GiveUp(string machine, Copied copied)
    {
        try
        {
            await link.Call(connect => Backup.Abort(connect, machine, copied.Folder), CancellationToken.None);
        }
        catch (Exception unable) when (unable is LibvirtException or DriverException)
        {
            // Why the copy failed is the news.
        }
    }

    private static async Task Cold(Copied copied, CancellationToken cancel)
    {
        var start = new ProcessStartInfo("qemu-img", ["convert", "-f", copied.Format, "-O", DiskCopy.Format, copied.Disk, copied.File]) { RedirectStandardError = true };
        using var convert = Start(start);
        var errors = convert.StandardError.ReadToEndAsync(CancellationToken.None);
        try
        {
            await convert.WaitForExitAsync(cancel);
        }
        catch (OperationCanceledException)
        {
            convert.Kill();
            await convert.WaitForExitAsync(CancellationToken.None);
            throw;
        }
        if (convert.ExitCode == 0)
            return;
        var why = (await errors).Trim();
        throw why.Contains(Full, StringComparison.Ordinal)
            ? NoSpace(copied, why)
            : new DriverException("not-copied", $"qemu-img has not copied {copied.What}: {why}", retryable: true);
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;   // null only where a shell opens a document
        }
        catch (Win32Exception missing)
        {
            throw new DriverException("no-qemu-img", $"qemu-img is needed to copy disks: {missing.Message}", retryable: false, missing);
        }
    }

    private Task<bool> IsActive(string machine, CancellationToken cancel) => link.Call(connect => MachineView.Find(connect, machine) is { Active: true }, cancel);

    private static DriverException NoSpace(Copied copied, string why) =>
        new("no-space", $"There is no room on the host for a copy of {copied.What}: {why}", retryable: false);

    private sealed record Copied(string Disk, string Format, string File, string What)
    {
        public string Folder => Path.GetDirectoryName(File)!;
    }
}
