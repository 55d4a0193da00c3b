using System.CommandLine;
using Controller.Cli.Output;
using Occi;

namespace Controller.Cli.Entities;

/// <summary><c>occi model</c></summary>
internal static class ModelCommand
{
    public static Command Create()
    {
        var kind = new Option<string?>("--kind") { Description = "Only this kind (or mixin), with attributes and actions.", HelpName = "KIND" };
        var format = Session.FormatOption();
        var command = new Command("model", "Shows the kinds, mixins and actions of the server.") { kind, format };
        command.SetAction(async (parse, cancel) =>
        {
            using var session = await Session.Open(parse, cancel);
            var shown = parse.GetValue(format)!;
            var named = parse.GetValue(kind) is { } name ? Find(session.Model, name) : null;
            Console.Write(await session.Text("/-/", shown, wide => Task.FromResult((named is null ? All(session.Model, wide) : One(session.Model, named)).ToString()), cancel));
            return ExitCode.Ok;
        });
        return command;
    }

    private static CategoryDefinition Find(Model model, string name)
    {
        try
        {
            return model.Kind(name);
        }
        catch (CliException) when (model.Categories.Any(c => c.Class == CategoryClass.Mixin && (c.Id.Term == name || c.Id.ToString() == name)))
        {
            return model.Mixin(name);
        }
    }

    private static Table All(Model model, bool wide) => new Table(["CLASS", "TERM", "COLLECTION", "TITLE", .. wide ? (string[])["SCHEME", "PARENT OR DEPENDS"] : []]).AddAll(
        model.Categories.Where(c => c.Class != CategoryClass.Action).Select(c => (string[])
            [c.Class.ToString().ToLowerInvariant(), c.Id.Term, c.Location ?? "", c.Title ?? "", .. wide ? (string[])[c.Id.Scheme, string.Join(' ', c.Related.Select(r => r.Term))] : []]));

    private static Table One(Model model, CategoryDefinition category)
    {
        var table = new Table("ATTRIBUTE", "TYPE", "", "DESCRIPTION");
        var owners = category.Class == CategoryClass.Kind ? model.Lineage(category).Reverse() : model.Closure(category);
        CategoryDefinition[] all = [.. owners];
        table.AddAll(all.SelectMany(c => c.Attributes).Select(a => (string[])[a.Name, TypeOf(a), a.Required ? "required" : a.Mutable ? "" : "read-only", a.Description]));
        foreach (var action in all.SelectMany(c => c.Actions).Distinct().Select(id => model.Find(id)).OfType<CategoryDefinition>())
            table.Add($"action {action.Id.Term}", "", "", string.Join(' ', action.Attributes.Select(a => $"{a.Name}={TypeOf(a)}").Prepend(action.Title ?? "")));
        return table;
    }

    private static string TypeOf(Attr attribute) =>
        attribute.Values.Count > 0 ? string.Join('|', attribute.Values) : attribute.ValueType.ToString().ToLowerInvariant();
}
