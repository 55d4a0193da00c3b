using System.CommandLine;
using Controller.Cli.Local;
using static Controller.Cli.Operators.AdminTables;

namespace Controller.Cli.Operators;

/// <summary><c>controller image …</c></summary>
internal static class ImageCommand
{
    public static Command Create() => new("image", "Disk images that machines are made from.")
    {
        Import(),
        List("Lists the images.", "/admin/images",
            Column("NAME", "term"), Column("TITLE", "title"), Column("FORMAT", "format"), ("SIZE", i => Mib(i["sizeBytes"]?.ToString())),
            ("DISK", i => Mib(i["virtualSizeBytes"]?.ToString())), Column("STATE", "state"), Column("SHA256", "sha256"), Time("CREATED", "created")),
    };

    private static Command Import()
    {
        var file = new Argument<FileInfo>("file") { Description = "A disk image, qcow2 or raw." };
        file.AcceptExistingOnly();
        var name = new Option<string>("--name") { Description = "Term of the OS template that offers it.", HelpName = "TERM", Required = true };
        var title = new Option<string?>("--title") { Description = "For people. Default: the name.", HelpName = "TITLE" };
        var command = new Command("import", "Stores an image and offers it as an OS template.") { file, name, title };
        command.SetAction(async (parse, cancel) =>
        {
            using var api = Connection.Api(parse);
            var term = parse.GetRequiredValue(name);
            await ImageUpload.Send(api, parse.GetRequiredValue(file).FullName, term, parse.GetValue(title) ?? term, cancel);
            Console.WriteLine($"imported as os_tpl {term}; use it with: occi create compute -m {term}");
            return ExitCode.Ok;
        });
        return command;
    }

    private static string? Mib(string? bytes) =>
        long.TryParse(bytes, out var count) ? (count / 1048576.0).ToString("0.#", System.Globalization.CultureInfo.InvariantCulture) + " MiB" : null;
}
