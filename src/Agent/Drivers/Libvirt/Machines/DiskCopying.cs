using System.ComponentModel;
using System.Diagnostics;
using Controller.Agent.Drivers.Libvirt.Interop;
using Controller.Agent.Drivers.Libvirt.Storage;

namespace Controller.Agent.Drivers.Libvirt.Machines;

/// <summary>
/// Copies root disks, with all that their backing files have in them: those of running machines by a backup job, which the guest does not notice, those of others with qemu-img.
/// A copy has no name any more when it is handed out: whoever dies while he has it leaves nothing.
/// </summary>
internal sealed class DiskCopying(Folders folders, Link link, GuestAgents agents)
{
    private const string Full = "No space left on device";

    /// <summary>No backup takes as long; the control plane gives up long before.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    public async Task<DiskCopy> Copy(ObjectKey key, CancellationToken cancel)
    {
        var machine = await link.Call(connect => MachineView.Find(connect, key.Id), cancel);
        if (machine?.Label?.Incarnation != key.Incarnation)
            throw new DriverException("no-such-machine", $"Incarnation {key.Incarnation} of machine {key.Id} is not on this host.", retryable: false);
        if (!File.Exists(folders.RootDisk(key)))
            throw new DriverException("diskless", $"Machine {key.Id} has no root disk.", retryable: false);
        var file = folders.DiskCopy(key);
        File.Delete(file);
        try
        {
            if (!machine.Active || !await Hot(key, file, cancel))
                await Cold(key, file, cancel);
            var content = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read, 1, FileOptions.Asynchronous | FileOptions.SequentialScan);
            return new DiskCopy(content, ImageHeader.VirtualSize(file, DiskCopy.Format));
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>Ends what a process of before had begun. Its file went with <see cref="Folders.Create"/>.</summary>
    public Task<bool> EndAll(CancellationToken cancel) => link.Call(
        connect =>
        {
            foreach (var machine in Domains.All(connect).Where(machine => machine is { Label: not null, Active: true }))
                Backup.Abort(connect, machine.Id, folders.Saving);
            return true;
        },
        cancel);

    /// <summary>False when the machine stopped meanwhile.</summary>
    private async Task<bool> Hot(ObjectKey key, string file, CancellationToken cancel)
    {
        await link.Call(connect => Backup.Abort(connect, key.Id, folders.Saving), cancel);   // of a call whose connection broke
        var over = false;
        try
        {
            await agents.Quiesced(key.Id, () => link.Job(connect => Backup.Begin(connect, key.Id, file), cancel, nameof(Backup)), cancel);
            over = await link.Until(connect => !Backup.IsUnderWay(connect, key.Id, folders.Saving), Longest, cancel);
        }
        catch (LibvirtException error) when (error.Code == LibvirtError.OperationInvalid)
        {
            if (await IsActive(key, cancel))
                throw;
            return false;
        }
        catch (LibvirtException error) when (error.Message.Contains(Full, StringComparison.Ordinal))
        {
            throw NoSpace(key, error.Message);
        }
        finally
        {
            if (!over)
                await GiveUp(key);
        }
        if (!await IsActive(key, cancel))
        {
            File.Delete(file);
            return false;
        }
        var end = await link.Call(connect => Backup.End(connect, key.Id), cancel);
        if (end.Complete)
            return true;
        if (end.Why?.Contains(Full, StringComparison.Ordinal) == true)
            throw NoSpace(key, end.Why);
        throw new DriverException("not-copied", $"QEMU has not copied the root disk of machine {key.Id}: {end.Why ?? "it says not why"}.", retryable: true);
    }

    /// <summary>Ends the backup if libvirtd can be asked to. Else the next copy or start does.</summary>
    private async Task GiveUp(ObjectKey key)
    {
        try
        {
            await link.Call(connect => Backup.Abort(connect, key.Id, folders.Saving), CancellationToken.None);
        }
        catch (Exception unable) when (unable is LibvirtException or DriverException)
        {
            // Why the copy failed is the news.
        }
    }

    private async Task Cold(ObjectKey key, string file, CancellationToken cancel)
    {
        var start = new ProcessStartInfo("qemu-img", ["convert", "-f", "qcow2", "-O", DiskCopy.Format, folders.RootDisk(key), file]) { RedirectStandardError = true };
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
            ? NoSpace(key, why)
            : new DriverException("not-copied", $"qemu-img has not copied the root disk of machine {key.Id}: {why}", retryable: true);
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

    private Task<bool> IsActive(ObjectKey key, CancellationToken cancel) => link.Call(connect => MachineView.Find(connect, key.Id) is { Active: true }, cancel);

    private static DriverException NoSpace(ObjectKey key, string why) =>
        new("no-space", $"There is no room on the host for a copy of the root disk of machine {key.Id}: {why}", retryable: false);
}
