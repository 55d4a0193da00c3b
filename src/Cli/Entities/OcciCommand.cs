using System.CommandLine;

namespace Controller.Cli.Entities;

/// <summary><c>controller occi …</c>: daily use, over OCCI and nothing else.</summary>
internal static class OcciCommand
{
    public const string IdHelp = "Path, UUID (or its beginning) or title of an entity.";

    public static Command Create() => new("occi", "Looks at and changes entities, over OCCI.")
    {
        ListCommand.Create(), ShowCommand.Create(), CreateCommand.Create(), UpdateCommand.Create(), ActionCommand.Create(), LinkCommand.Create(), DeleteCommand.Create(), TagCommand.Create(), ModelCommand.Create(),
    };

    public static Option<string[]> Attributes() => new("--attribute", "-a")
    {
        Description = "name=value; the name may be short (cores), the value may come from a file (@FILE).", HelpName = "NAME=VALUE", DefaultValueFactory = _ => [],
    };

    public static Option<string[]> Mixins() => new("--mixin", "-m")
    {
        Description = "A mixin by its term or identifier, e.g. an OS template.", HelpName = "MIXIN", DefaultValueFactory = _ => [],
    };
}
