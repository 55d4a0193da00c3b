using Controller.Contracts;

namespace Controller.Grains.Availability;

/// <summary>Something that can switch a host off without the host's help.</summary>
public interface IFence
{
    /// <summary>As <see cref="FenceSettings.Driver"/> names it.</summary>
    string Driver { get; }

    /// <summary>Why these settings cannot work; null: they may.</summary>
    string? Refusal(FenceSettings fence);

    /// <summary>Whether the host is off. Whatever cannot be told for certain is <see cref="PowerState.Unknown"/>.</summary>
    Task<(PowerState Power, string? Why)> Look(FenceTarget target, CancellationToken cancel);

    /// <summary>Asks for the power to be cut, at once. That it was is only known from <see cref="Look"/>.</summary>
    Task SwitchOff(FenceTarget target, CancellationToken cancel);
}

/// <summary>Whose power.</summary>
public sealed record FenceTarget(Guid Host, string Name, FenceSettings Fence);

/// <summary>An expected failure of a fence: the BMC does not answer, or says no.</summary>
public sealed class FenceException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>Which computes with the mixin <c>ha</c> a host has, by the inventory.</summary>
public interface IAvailableMachines
{
    Task<IReadOnlyList<Guid>> OnHost(Guid host);
}
