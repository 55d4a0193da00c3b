using System.Text;
using Occi.Core;

namespace Occi.Text;

/// <summary>
/// The text renderings' values. Parameter order, quoting and blanks are those of the grammar, since consumers in the field match them with
/// ordered expressions (D-27, D-31).
/// </summary>
internal sealed class FieldWriter(Catalogue catalogue, Addresses addresses, FieldOutput output)
{
    public void Entity(Representation entity)
    {
        if (entity.Kind is { } kind)
            Reference(kind, "kind");
        foreach (var mixin in entity.Mixins)
            Reference(mixin, "mixin");
        foreach (var (name, value) in entity.Attributes)
            Attribute(output.Begin(FieldName.Attribute), name, value, catalogue.FindAttribute(name));
        // The working group's test takes the first link of the header for an action, and the first action for start.
        if (output.InHeader)
            Actions(entity);
        foreach (var link in entity.Links)
            Link(link);
        if (!output.InHeader)
            Actions(entity);
    }

    public void Location(Representation entity) => output.Begin(FieldName.Location).Append(addresses.UrlOf(entity));

    public void Invocation(Invocation invocation)
    {
        Reference(invocation.Action, "action");
        var definitions = catalogue.Find(invocation.Action)?.Attributes;
        foreach (var (name, value) in invocation.Attributes)
            Attribute(output.Begin(FieldName.Attribute), name, value, definitions?.FirstOrDefault(a => a.Name == name));
    }

    public void Category(Category category)
    {
        var to = output.Begin(FieldName.Category);
        Head(to, category.Id, category.Class switch { CategoryClass.Kind => "kind", CategoryClass.Mixin => "mixin", _ => "action" });
        if (category.Title is { } title)
            output.Title(to.Append("; title="), title);
        // Of several dependencies, only the first shows (D-32).
        var (rel, attributes, actions) = category switch
        {
            Kind kind => (kind.Parent?.Id, kind.AllAttributes, kind.AllActions),
            Mixin mixin => (mixin.Depends.Count > 0 ? mixin.Depends[0].Id : (TypeId?)null, mixin.Attributes, mixin.Actions),
            _ => (null, category.Attributes, []),
        };
        if (rel is { } parent)
            Identifier(to.Append("; rel=\""), parent).Append('"');
        if (Catalogue.LocationOf(category) is { } location)
            to.Append("; location=\"").Append(location).Append('"');
        if (attributes.Count > 0)
            Attributes(to.Append("; attributes=\""), attributes);
        if (actions.Count > 0)
        {
            to.Append("; actions=\"");
            for (var i = 0; i < actions.Count; i++)
                Identifier(i == 0 ? to : to.Append(' '), actions[i].Id);
            to.Append('"');
        }
    }

    private static void Attributes(StringBuilder to, IReadOnlyList<Attr> attributes)
    {
        for (var i = 0; i < attributes.Count; i++)
        {
            var attribute = attributes[i];
            (i == 0 ? to : to.Append(' ')).Append(attribute.Name);
            if (!attribute.Mutable)
                to.Append("{immutable}");
            else if (attribute.Required)
                to.Append("{required}");
        }
        to.Append('"');
    }

    private void Reference(TypeId id, string @class) => Head(output.Begin(FieldName.Category), id, @class);

    private static void Head(StringBuilder to, TypeId id, string @class) =>
        to.Append(id.Term).Append("; scheme=\"").Append(id.Scheme).Append("\"; class=\"").Append(@class).Append('"');

    private void Attribute(StringBuilder to, string name, AttributeValue value, Attr? definition)
    {
        to.Append(name).Append('=');
        switch (value.Type)
        {
            case ValueType.Number:
                to.Append(Literals.Written(value, definition));
                break;
            case ValueType.Boolean:
                to.Append(value.Text);
                break;
            default:   // arrays and objects too, as their JSON text: the grammar has nothing for them
                output.Quoted(to, value.Text, name);
                break;
        }
    }

    private void Link(Representation link)
    {
        if (!link.Attributes.TryGetValue(CoreKinds.Target.Name, out var target))
            return;   // a bare URL, which only a request's JSON can be
        var to = output.Begin(FieldName.Link);
        to.Append('<').Append(Names.IsUriReference(target.Text) ? target.Text : Uri.EscapeDataString(target.Text)).Append(">; rel=");
        if (link.Attributes.TryGetValue(CoreKinds.TargetKind.Name, out var kind))
            output.Quoted(to, kind.Text, CoreKinds.TargetKind.Name);
        else
            Identifier(to.Append('"'), (catalogue.Find(link.Kind ?? default) as Kind)?.LinksTo?.Id ?? CoreKinds.Resource.Id).Append('"');
        if (addresses.PathOf(link) is { } self)
            to.Append("; self=\"").Append(self).Append('"');
        if (link.Kind is { } linkKind)
        {
            Identifier(to.Append("; category=\""), linkKind);
            foreach (var mixin in link.Mixins)
                Identifier(to.Append(' '), mixin);
            to.Append('"');
        }
        foreach (var (name, value) in link.Attributes)
        {
            if (name != CoreKinds.TargetKind.Name)   // that is rel
                Attribute(to.Append("; "), name, value, catalogue.FindAttribute(name));
        }
    }

    private void Actions(Representation entity)
    {
        if (entity.Actions.Count == 0 || addresses.PathOf(entity) is not { } path)
            return;
        foreach (var action in entity.Actions.Where(a => a.Term == "start").Concat(entity.Actions.Where(a => a.Term != "start")))
        {
            var to = output.Begin(FieldName.Link).Append('<').Append(path).Append("?action=").Append(action.Term).Append(">; rel=\"");
            Identifier(to, action).Append('"');
        }
    }

    private static StringBuilder Identifier(StringBuilder to, TypeId id) => to.Append(id.Scheme).Append(id.Term);
}
