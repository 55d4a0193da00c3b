using Controller.Agent.Drivers;
using Controller.Agent.Images;
using Controller.Agent.Ledger;
using Controller.Agent.Protocol;
using Controller.Agent.Reconciling;

namespace Controller.Agent.Operations;

/// <summary>
/// Makes an image of a machine's root disk. What is wanted of the machine stays in the ledger all along: should this end half-way, for whatever reason, the next pass brings
/// the machine there.
/// </summary>
internal sealed partial class MachineSaver(ActiveDriver active, ImageUpload images, MachineWatch watch, ILogger<MachineSaver> log)
{
    public async Task<SavedImage> Save(string operation, DesiredObject wanted, SaveImage how, CancellationToken cancel)
    {
        await using var disk = how.Method == SaveMethod.SaveDeferred && wanted.Machine.Power is Power.Running or Power.Paused
            ? await CopyOff(wanted, how, cancel)
            : await Copy(wanted, cancel);
        return new SavedImage { Image = await images.Send(disk, new ImageBegin { OperationId = operation, MachineId = wanted.Id }, cancel), VirtualSizeBytes = disk.VirtualSizeBytes };
    }

    private Task<DiskCopy> Copy(DesiredObject wanted, CancellationToken cancel) => active.Driver.CopyRootDisk(wanted.Id, wanted.Incarnation, cancel);

    private async Task<DiskCopy> CopyOff(DesiredObject wanted, SaveImage how, CancellationToken cancel)
    {
        var off = wanted.Machine.Clone();
        (off.Power, off.Stop, off.StopGraceSeconds) = (Power.Off, StopMethod.StopGraceful, how.GraceSeconds);
        // On its way it is off for a while, by our doing.
        var key = ObjectKey.Of(wanted);
        watch.Starts(key);
        watch.StopAsked(key);
        await active.Driver.EnsureMachine(wanted.Id, wanted.Incarnation, wanted.Generation, off, cancel);
        DiskCopy copy;
        try
        {
            copy = await Copy(wanted, cancel);
        }
        catch (DriverException)
        {
            await StartAgain(wanted, key, cancel);
            throw;
        }
        await StartAgain(wanted, key, cancel);
        return copy;
    }

    private async Task StartAgain(DesiredObject wanted, ObjectKey key, CancellationToken cancel)
    {
        watch.Starts(key);
        try
        {
            await active.Driver.EnsureMachine(wanted.Id, wanted.Incarnation, wanted.Generation, wanted.Machine, cancel);
        }
        catch (DriverException expected)
        {
            LogNotStarted(wanted.Id, expected.Message);   // the next pass tries again, and reports it
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Machine {MachineId} could not be started again after it was saved: {Why}")]
    private partial void LogNotStarted(string machineId, string why);
}
