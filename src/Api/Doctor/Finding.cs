namespace Controller.Api.Doctor;

/// <summary>Something that does not fit together.</summary>
/// <param name="Code">What programs compare, e.g. <c>claim-orphaned</c>.</param>
/// <param name="About">What it is about: an entity, a host, a silo.</param>
/// <param name="Why">What was found, and what should have been.</param>
/// <param name="Repair">The command that sets it right, or what a person has to do where no command can.</param>
internal sealed record Finding(string Code, string About, string Why, string Repair);

/// <summary>One sort of consistency, looked at without changing anything.</summary>
internal interface ICheck
{
    /// <summary>For people: what is compared with what.</summary>
    string What { get; }

    /// <summary>Everything found.</summary>
    /// <param name="deep">Also what asks each entity's grain, which takes a while in a large cloud.</param>
    /// <param name="cancel">Gives up.</param>
    Task<List<Finding>> Look(bool deep, CancellationToken cancel);
}
