namespace Controller.Grains.Restoring;

/// <summary>Machines that hosts have and that no compute stands by, as after a restore of the database.</summary>
public interface IUnmanagedMachines
{
    /// <summary>
    /// Why a machine of that id may be on a host as something that nobody knows of, and what to do, in words; null: it is on none. <paramref name="era"/>: a host that has not said
    /// what it has since that restore may have it, too; null: such a host is not asked about.
    /// </summary>
    Task<string?> Having(Guid machine, long? era);
}
