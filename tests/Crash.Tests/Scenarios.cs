using Controller.Crash.Tests.Harness;

namespace Controller.Crash.Tests;

/// <summary>What is done while silos die. Each begins and ends with an empty cloud.</summary>
internal static class Scenarios
{
    public static IReadOnlyDictionary<string, Func<Run, Task>> All { get; } = new Dictionary<string, Func<Run, Task>>
    {
        ["create-compute"] = CreateCompute,
    };

    private static async Task CreateCompute(Run run)
    {
        var (network, storage) = (await run.Network(), await run.Storage());
        var id = Guid.NewGuid();
        await run.Begin();
        await run.Machine("\"occi.compute.cores\":2", $""","links":[{Run.Link("networkinterface", Guid.NewGuid(), network)},{Run.Link("storagelink", Guid.NewGuid(), storage)}]""", id);
        await run.End();
    }
}
