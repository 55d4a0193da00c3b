namespace Controller.Agent.Drivers.Libvirt;

/// <summary>The failure of what was not answered in time.</summary>
internal static class Stuck
{
    public const string Code = "hypervisor-stuck";

    public static DriverException Because(string why, Exception? inner = null) => new(Code, why, retryable: true, inner);
}
