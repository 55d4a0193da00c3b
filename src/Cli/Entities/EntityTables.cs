using Controller.Cli.Output;
using Occi;
using Occi.Core;
using Occi.Infrastructure;

namespace Controller.Cli.Entities;

/// <summary>Entities as tables.</summary>
internal static class EntityTables
{
    private static readonly Dictionary<TypeId, (string Heading, Func<Representation, string?> Cell)[]> Columns = new()
    {
        [Compute.Kind.Id] =
        [
            ("CORES", e => e.Text(Compute.Cores.Name)),
            ("MEMORY", e => e.Text(Compute.Memory.Name) is { } memory ? memory + " GiB" : null),
            ("ADDRESSES", e => string.Join(' ', e.Links.Select(l => l.Text(IpNetworkInterface.Address.Name)).OfType<string>())),
        ],
        [Storage.Kind.Id] = [("SIZE", e => e.Text(Storage.Size.Name) is { } size ? size + " GiB" : null)],
        [Network.Kind.Id] = [("ADDRESS", e => e.Text(IpNetwork.Address.Name))],
        [IpReservation.Kind.Id] = [("ADDRESS", e => e.Text(IpReservation.Address.Name)), ("USED", e => e.Text(IpReservation.Used.Name))],
        [NetworkInterface.Kind.Id] =
        [
            ("ADDRESS", e => e.Text(IpNetworkInterface.Address.Name)), ("MAC", e => e.Text(NetworkInterface.Mac.Name)),
            ("SOURCE", e => e.Text(CoreKinds.Source.Name)), ("TARGET", e => e.Text(CoreKinds.Target.Name)),
        ],
        [StorageLink.Kind.Id] =
        [
            ("DEVICE", e => e.Text(StorageLink.DeviceId.Name)),
            ("SOURCE", e => e.Text(CoreKinds.Source.Name)), ("TARGET", e => e.Text(CoreKinds.Target.Name)),
        ],
    };

    // What a wide table shows of each besides: why it is in its state, what it is, what it is linked to.
    private static readonly (string Heading, Func<Representation, string?> Cell)[] Wide =
    [
        ("MESSAGE", Goal.MessageOf), ("MIXINS", e => string.Join(' ', e.Mixins.Select(m => m.Term))),
        ("LINKS", e => string.Join(' ', e.Links.Select(l => l.Text(CoreKinds.Target.Name)).OfType<string>())), ("SUMMARY", e => e.Text(CoreKinds.Summary.Name)),
    ];

    /// <summary>A line an entity; what is shown of it depends on the kind, if all are of one.</summary>
    public static Table List(IReadOnlyList<Representation> entities, bool wide = false)
    {
        TypeId?[] kinds = [.. entities.Select(e => e.Kind).Distinct()];
        (string Heading, Func<Representation, string?> Cell)[] own = [.. kinds is [{ } only] ? Columns.GetValueOrDefault(only) ?? [] : [], .. wide ? Wide : []];
        var mixed = kinds.Length > 1;
        var table = new Table(["ID", .. mixed ? (string[])["KIND"] : [], "TITLE", "STATE", .. own.Select(c => c.Heading)]);
        foreach (var entity in entities)
        {
            table.Add([
                entity.Uuid(), .. mixed ? (string[])[entity.Kind?.Term ?? ""] : [], entity.Text(CoreKinds.Title.Name) ?? "", Goal.StateOf(entity) ?? "",
                .. own.Select(c => c.Cell(entity) ?? "")]);
        }
        return table;
    }

    /// <summary>All that there is to say of one entity.</summary>
    public static Table One(Representation entity, string path)
    {
        var table = new Table("PROPERTY", "VALUE").Add("path", path).Add("kind", entity.Kind?.ToString() ?? "");
        foreach (var mixin in entity.Mixins)
            table.Add("mixin", mixin.ToString());
        foreach (var (name, value) in entity.Attributes)
            table.Add(name, value.Text);
        foreach (var link in entity.Links)
        {
            var attributes = link.Attributes.Where(a => !a.Key.StartsWith("occi.core.", StringComparison.Ordinal));
            table.Add("link", $"{link.Kind?.Term} {link.Uuid()} → {link.Text(CoreKinds.Target.Name)}  {string.Join(' ', attributes.Select(a => $"{a.Key}={a.Value.Text}"))}".TrimEnd());
        }
        if (entity.Actions.Count > 0)
            table.Add("actions", string.Join(' ', entity.Actions.Select(a => a.Term)));
        return table;
    }
}
