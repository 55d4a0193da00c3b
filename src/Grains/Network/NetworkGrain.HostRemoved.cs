namespace Controller.Grains.Network;

// A host was removed for good: the network is not there any more, and nobody waits for that host.
internal sealed partial class NetworkGrain
{
    public async Task HostRemoved(Guid host, string name)
    {
        if (_record.Value is not { } present || present.Hosts.All(h => h.Host != host))
            return;
        await _record.Write(present with { Hosts = [.. present.Hosts.Where(h => h.Host != host)] });
        await Conclude();
    }
}
