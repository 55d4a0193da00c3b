using Controller.Agent.Drivers;
using Controller.Agent.Protocol;

namespace Controller.Agent.Tests.Drivers;

/// <summary>A host with a started driver, and what the contract needs beside it.</summary>
public interface IDriverHost
{
    IHypervisorDriver Driver { get; }

    /// <summary>What <see cref="IHypervisorDriver.Start"/> said.</summary>
    Capabilities Capabilities { get; }

    /// <summary>An image whose guest prints the demo guest's markers. The driver has it already.</summary>
    Image Image { get; }

    /// <summary>The bytes of <see cref="Image"/>.</summary>
    Stream OpenImage();

    /// <summary>Where the shared pool is mounted.</summary>
    string PoolDirectory { get; }

    /// <summary>Another host's driver, that sees the same shared pool.</summary>
    Task<IHypervisorDriver> Neighbour();

    /// <summary>One more, whose guest has the QEMU guest agent. It starts it when its user data says so: the simulated one has no other way to know.</summary>
    Task<Image> AgentImage() => Task.FromResult(Image);

    /// <summary>A booted guest ends by itself.</summary>
    Task PowerOffGuest(string machine);

    /// <summary>Files, domains and the like that carry one of these ids, wherever the driver keeps anything. Empty: nothing is left.</summary>
    Task<IReadOnlyList<string>> Traces(params string[] ids);
}
