using System.CommandLine;
using Controller.Cli.Output;
using Occi;
using Occi.Declared;

namespace Controller.Cli.Models;

/// <summary><c>controller model</c>: says whether files of kinds and mixins can be used, and shows what they come to. It asks no server.</summary>
internal static class ModelFilesCommand
{
    public static Command Create()
    {
        var directory = new Option<string?>("--directory") { Description = "Directory with files of kinds and mixins, as Model:Directory names it.", HelpName = "DIR" };
        var extensions = new Option<string>("--extensions")
        {
            Description = "Shipped extensions, separated by commas.", HelpName = "NAMES", DefaultValueFactory = _ => "none",
        };
        var markdown = new Option<bool>("--markdown") { Description = "The whole reference, as docs/reference/kinds.md has it." };
        var command = new Command("model", "Checks files of kinds and mixins, and shows the model that they make.") { directory, extensions, markdown };
        command.SetAction(parse =>
        {
            var model = Load(parse.GetValue(directory), parse.GetValue(extensions)!);
            Console.Write(parse.GetValue(markdown) ? Reference.Markdown(model) : Overview(model).ToString());
            return ExitCode.Ok;
        });
        return command;
    }

    private static DeclaredModel Load(string? directory, string extensions)
    {
        if (directory is not null && !Directory.Exists(directory))
            throw new CliException($"there is no directory {directory}");
        IEnumerable<string> own = directory is null ? [] : Directory.EnumerateFiles(directory, "*.json").Order(StringComparer.Ordinal);
        try
        {
            return ModelDirectory.Load([.. ExtensionNames.Parse(extensions).Select(ExtensionNames.PathOf), .. own]);
        }
        catch (InvalidModelException wrong)
        {
            throw new CliException(wrong.Message);
        }
    }

    private static Table Overview(DeclaredModel model) => new Table("CLASS", "TERM", "COLLECTION", "TITLE").AddAll(
        model.Catalogue.All.Where(c => c.Class != CategoryClass.Action)
            .Select(c => (string[])[c.Class.ToString().ToLowerInvariant(), c.Id.Term, Catalogue.LocationOf(c) ?? "", c.Title ?? ""]));
}
