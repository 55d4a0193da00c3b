using Occi.Infrastructure;

namespace Occi.Extension;

/// <summary>What a compute's machine is made of, beyond what the standard knows (the provider's own).</summary>
public static class Machine
{
    /// <summary><c>local.controller.compute.firmware</c></summary>
    public static readonly Attr Firmware = new("local.controller.compute.firmware", AttrType.Enumeration, "What it boots with; uefi is without secure boot.")
    {
        Values = ["bios", "uefi"], Default = AttributeValue.Of("bios"), SetOnce = true,
    };

    /// <summary><c>local.controller.compute.machine</c></summary>
    public static readonly Attr Board = new("local.controller.compute.machine", AttrType.Enumeration, "Its board; pc is for guests that know no PCI Express.")
    {
        Values = ["q35", "pc"], Default = AttributeValue.Of("q35"), SetOnce = true,
    };

    /// <summary><c>local.controller.compute.agent</c></summary>
    public static readonly Attr Agent = new("local.controller.compute.agent", AttrType.Enumeration, "Whether the QEMU guest agent answers in the guest.")
    {
        Values = ["connected", "absent"], Mutable = false,
    };

    /// <summary><c>local.controller.compute.grace</c></summary>
    public static readonly Attr Grace = new("local.controller.compute.grace", AttrType.Whole, "How long a guest may take to shut down when it is asked, in seconds. Then it is turned off.")
    {
        Min = 1, Max = 1800, Default = AttributeValue.Of(60),
    };

    /// <summary>The mixin. A compute whose guest has an agent shows it, too.</summary>
    public static readonly Mixin Mixin = new(new(Scheme.Machine, "machine"))
    {
        Title = "Firmware and board of a Compute instance and how it shuts down", Location = "/mixin/machine/", Applies = [Compute.Kind], Attributes = [Firmware, Board, Grace, Agent],
    };
}
