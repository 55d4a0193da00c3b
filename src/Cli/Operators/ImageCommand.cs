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
            [
                Column("NAME", "term"), Column("TITLE", "title"), Column("FORMAT", "format"), ("SIZE", i => Mib(i["sizeBytes"]?.ToString())),
                ("DISK", i => Mib(i["virtualSizeBytes"]?.ToString())), Column("STATE", "state"), Column("SHA256", "sha256"), Time("CREATED", "created"),
            ],
            Column("MESSAGE", "message"), Column("PROJECT", "project"), Column("ORIGIN", "origin")),
    };

    private static Command Import()
    {
        var source = new Argument<string>("source") { Description = "A disk image, qcow2 or raw: a file, or an http or https URL that the control plane fetches it from." };
        var name = new Option<string>("--name") { Description = "Term of the OS template that offers it.", HelpName = "TERM", Required = true };
        var title = new Option<string?>("--title") { Description = "For people. Default: the name.", HelpName = "TITLE" };
        var sha256 = new Option<string?>("--sha256") { Description = "Of a URL: what the file's SHA-256 must be.", HelpName = "DIGEST" };
        var format = new Option<string>("--format") { Description = "Of a URL: qcow2 or raw.", DefaultValueFactory = _ => "qcow2" };
        format.AcceptOnlyFromAmong("qcow2", "raw");
        var command = new Command("import", "Stores an image and offers it as an OS template.") { source, name, title, sha256, format };
        command.SetAction(async (parse, cancel) =>
        {
            using var api = Connection.Api(parse);
            var (term, from) = (parse.GetRequiredValue(name), parse.GetRequiredValue(source));
            if (ImageImport.IsUrl(from))
                await ImageImport.Fetch(api, term, new(from, parse.GetValue(sha256), parse.GetValue(title) ?? term, parse.GetRequiredValue(format)), cancel);
            else if (File.Exists(from))
                await ImageUpload.Send(api, from, term, parse.GetValue(title) ?? term, cancel);
            else
                throw new CliException($"a file, or a URL that begins with http:// or https://, was wanted; there is no file {from}");
            Console.WriteLine($"imported as os_tpl {term}; use it with: occi create compute -m {term}");
            return ExitCode.Ok;
        });
        return command;
    }

    private static string? Mib(string? bytes) =>
        long.TryParse(bytes, out var count) ? (count / 1048576.0).ToString("0.#", System.Globalization.CultureInfo.InvariantCulture) + " MiB" : null;
}
