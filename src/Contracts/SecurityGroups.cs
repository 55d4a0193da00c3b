namespace Controller.Contracts;

/// <summary>One thing that a security group allows. Persisted: additive changes only.</summary>
/// <param name="Egress">What the machine may send; false: what may come to it.</param>
/// <param name="Family">4 or 6; 0: both.</param>
/// <param name="Protocol">IANA's number; 1 is ICMP in both families; 0: any.</param>
/// <param name="FirstPort">The destination's, of TCP, UDP and SCTP; null: all.</param>
/// <param name="LastPort">The same one, or the end of a range.</param>
/// <param name="Remote">Range of the other end, in CIDR notation; null: anywhere.</param>
[GenerateSerializer, Immutable, Alias("SecurityRule")]
public sealed record SecurityRule(
    [property: Id(0)] bool Egress, [property: Id(1)] int Family, [property: Id(2)] int Protocol, [property: Id(3)] int? FirstPort, [property: Id(4)] int? LastPort, [property: Id(5)] string? Remote);

/// <summary>A security group's rules as of a version that grows with each change.</summary>
[GenerateSerializer, Immutable, Alias("GroupRules")]
public sealed record GroupRules([property: Id(0)] Outcome Outcome, [property: Id(1)] long Version, [property: Id(2)] SecurityRule[] Rules);

/// <summary>What a link to a security group asks of its compute's machine.</summary>
[GenerateSerializer, Immutable, Alias("DesiredGroup")]
public sealed record DesiredGroup([property: Id(0)] Guid Link, [property: Id(1)] Guid? Nic, [property: Id(2)] SecurityRule[] Rules);

[Alias("ISecurityGroupGrain")]
public interface ISecurityGroupGrain : IEntityGrain
{
    /// <summary>A link is about to use it: answers the rules, and tells the link of each change from now on. Repeating it is harmless.</summary>
    [Alias("Attach")] Task<GroupRules> Attach(Caller caller, Guid link);

    /// <summary>A link is going: it no longer stands in the way of the group's deletion.</summary>
    [Alias("Detached")] Task Detached(Guid link);

    /// <summary>A link has the rules of that version. A signal: the group repeats itself until it comes.</summary>
    [Alias("Taken"), Orleans.Concurrency.OneWay] Task Taken(Guid link, long version);
}

/// <summary>A link between a compute and a security group.</summary>
[Alias("ISecurityGroupLinkGrain")]
public interface ISecurityGroupLinkGrain : ILinkGrain
{
    /// <summary>The group's rules have changed. A signal: repeated until <see cref="ISecurityGroupGrain.Taken"/>.</summary>
    [Alias("RulesChanged"), Orleans.Concurrency.OneWay] Task RulesChanged(long version, SecurityRule[] rules);
}
