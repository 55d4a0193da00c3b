using Controller.Agent.Drivers.Libvirt.Interop;
using Controller.Agent.Protocol;

namespace Controller.Agent.Drivers.Libvirt.Machines;

/// <summary>
/// Gives a running machine the processors and the memory that it lacks. What cannot be added now is no failure: it is stored, and the machine says that a restart is pending.
/// </summary>
internal sealed partial class SizeFitting(Link link, ILogger log)
{
    private const uint LiveOnly = 1;

    public async Task Fit(string id, MachineSpec spec, CancellationToken cancel)
    {
        if ((await link.Call(connect => MachineView.Find(connect, id), cancel, id))?.Running is not { } running)
            return;
        var size = MachineSize.Of(running);
        if (size.CoresToHave(spec) is { } cores)
            await Try(id, nameof(Native.virDomainSetVcpusFlags), domain => Native.virDomainSetVcpusFlags(domain, cores, LiveOnly), cancel);
        if (size.ModuleToAdd(spec) is { } module)
            await Try(id, nameof(Native.virDomainAttachDeviceFlags), domain => Native.virDomainAttachDeviceFlags(domain, module.ToString(), LiveOnly), cancel);
    }

    private async Task Try(string id, string what, Func<DomainHandle, int> call, CancellationToken cancel)
    {
        try
        {
            await link.On(id, what, domain => Checked.Ok(call(domain), what), cancel);
        }
        catch (LibvirtException refused) when (!refused.ConnectionLost)
        {
            LogRefused(id, refused.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Machine {Id} cannot grow while it runs, and does at its next start: {Why}")]
    private partial void LogRefused(string id, string why);
}
