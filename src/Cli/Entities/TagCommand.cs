using System.CommandLine;
using System.Text.Json.Nodes;

namespace Controller.Cli.Entities;

/// <summary><c>occi tag create TERM</c>, <c>occi tag delete TAG…</c>: mixins of one's own (GFD.223 §9.3, §9.4).</summary>
internal static class TagCommand
{
    // The standard's scheme and the provider's are reserved.
    private const string Scheme = "http://tags.controller.local/#";

    public static Command Create() => new("tag", "Makes and removes mixins of your own: tags. An entity gets one with create -m.") { Make(), Delete() };

    private static Command Make()
    {
        var term = new Argument<string>("term") { Description = "What the tag is called." };
        var scheme = new Option<string>("--scheme") { Description = $"Its scheme. Default: {Scheme}", HelpName = "URI", DefaultValueFactory = _ => Scheme };
        var location = new Option<string?>("--location") { Description = "The path of its collection. Default: /tags/TERM/", HelpName = "PATH" };
        var title = new Option<string?>("--title") { Description = "For people.", HelpName = "TEXT" };
        var command = new Command("create", "Makes a tag.") { term, scheme, location, title };
        command.SetAction(async (parse, cancel) =>
        {
            using var session = await Session.Open(parse, cancel);
            var name = parse.GetRequiredValue(term);
            var path = parse.GetValue(location) ?? $"/tags/{name}/";
            var mixin = new JsonObject { ["term"] = name, ["scheme"] = parse.GetValue(scheme), ["location"] = path };
            if (parse.GetValue(title) is { } text)
                mixin["title"] = text;
            await session.Client.Api.Json(HttpMethod.Post, "/-/", new JsonObject { ["mixins"] = new JsonArray(mixin) }, cancel);
            Console.WriteLine($"made {parse.GetValue(scheme)}{name}, its entities are at {path}");
            return ExitCode.Ok;
        });
        return command;
    }

    private static Command Delete()
    {
        var tags = new Argument<string[]>("tag") { Description = "Terms, identifiers or collections.", Arity = ArgumentArity.OneOrMore };
        var command = new Command("delete", "Removes tags, all or none, and from all entities that have them.") { tags };
        command.SetAction(async (parse, cancel) =>
        {
            using var session = await Session.Open(parse, cancel);
            string[] ids = [.. parse.GetRequiredValue(tags).Select(t => session.Model.Mixin(t).Id.ToString())];
            await session.Client.Api.Json(HttpMethod.Delete, "/-/", new JsonObject { ["mixins"] = new JsonArray([.. ids.Select(i => JsonValue.Create(i))]) }, cancel);
            foreach (var id in ids)
                Console.WriteLine($"removed {id}");
            return ExitCode.Ok;
        });
        return command;
    }
}
