using Controller.Testing;

// Two guests and a whole cloud are enough for a small machine at a time.
[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace Controller.SystemTests.Harness;

/// <summary>A test with real machines: skipped, with the reason, where libvirt cannot run.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class LibvirtFactAttribute : FactAttribute
{
    public LibvirtFactAttribute() => Skip = LibvirtNeeds.WhyNot("virsh");
}
