using System.Text.Json;
using System.Text.Json.Serialization;

namespace Controller.Agent.Hosting;

/// <summary>How the agent is, for a person or program on this host. <c>Since</c>: when the rest last changed.</summary>
internal sealed record AgentHealth(
    [property: JsonPropertyName("connected")] bool Connected,
    [property: JsonPropertyName("gateway")] string Gateway,
    [property: JsonPropertyName("epoch")] ulong Epoch,
    [property: JsonPropertyName("hostId")] string HostId,
    [property: JsonPropertyName("driver")] string Driver,
    [property: JsonPropertyName("driverChosen")] string DriverChosen,
    [property: JsonPropertyName("driverHealthy")] bool DriverHealthy,
    [property: JsonPropertyName("why")] string Why,
    [property: JsonPropertyName("pid")] int Pid,
    [property: JsonPropertyName("since")] DateTimeOffset Since);

/// <summary>The file <c>health</c> in the state directory: one line of JSON, rewritten when something in it changes.</summary>
internal sealed class HealthFile(string stateDirectory, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly string _path = Path.Combine(stateDirectory, "health");
    private AgentHealth? _now;

    public void Change(Func<AgentHealth, AgentHealth> change)
    {
        lock (_lock)
        {
            var before = _now ?? new(false, "", 0, "", "", "", false, "starting", Environment.ProcessId, time.GetUtcNow());
            var after = change(before) with { Since = before.Since };
            if (after == _now) return;
            _now = after with { Since = time.GetUtcNow() };
            AtomicFile.CreateDirectory(stateDirectory);
            AtomicFile.Write(_path, [.. JsonSerializer.SerializeToUtf8Bytes(_now), (byte)'\n']);
        }
    }
}
