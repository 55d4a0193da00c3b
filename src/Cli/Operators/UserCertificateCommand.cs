using System.CommandLine;
using System.Text.Json.Nodes;
using Controller.Cli.Local;
using Controller.Cli.Output;
using static Controller.Cli.Operators.AdminTables;

namespace Controller.Cli.Operators;

/// <summary><c>controller user certificate …</c></summary>
internal static class UserCertificateCommand
{
    private static readonly (string, Func<JsonNode, string?>)[] Columns = [Column("ID", "id"), Column("SUBJECT", "subject"), ("TAKEN", c => c["fingerprint"] is null ? "any of the subject" : "one only"), Time("LAST USED", "lastUsed")];

    private static readonly (string, Func<JsonNode, string?>)[] Wide = [Column("FINGERPRINT", "fingerprint"), Time("CREATED", "created"), Column("BY", "createdBy")];

    public static Command Create() => new("certificate", "Client certificates by which users are known.") { Add(), List(), Remove() };

    private static Argument<string> User() => new("user") { Description = "Name or id of the user." };

    private static string PathOf(string user) => $"/admin/users/{Uri.EscapeDataString(user)}/certificates";

    private static Command Add()
    {
        var user = User();
        var subject = new Option<string?>("--subject") { Description = "The subject, the most specific part first: CN=ana, O=Example.", HelpName = "NAME" };
        var file = new Option<string?>("--file") { Description = "A certificate in PEM, whose subject it is.", HelpName = "FILE" };
        var pin = new Option<bool>("--pin") { Description = "With --file: that certificate, and no other one of its subject." };
        var command = new Command("add", "From now on whoever shows a certificate of that subject, signed by an authority for users, is the user.") { user, subject, file, pin };
        command.SetAction(async (parse, cancel) =>
        {
            var (name, path) = (parse.GetValue(subject), parse.GetValue(file));
            if ((name is null) == (path is null))
                throw new CliException("whose certificates? Give either --subject or --file", ExitCode.Usage);
            if (path is not null && !File.Exists(path))
                throw new CliException($"there is no file {path}", ExitCode.Usage);
            using var api = Connection.Api(parse);
            var wanted = path is null ? new JsonObject { ["subject"] = name } : new JsonObject { ["certificate"] = PublicPart(await File.ReadAllTextAsync(path, cancel)), ["pin"] = parse.GetValue(pin) };
            Console.Write(Text([await api.Json(HttpMethod.Post, PathOf(parse.GetRequiredValue(user)), wanted, cancel)], OutputFormat.Table, Columns));
            return ExitCode.Ok;
        });
        return command;
    }

    private static Command List()
    {
        var (user, format) = (User(), OutputFormat.Option());
        var command = new Command("list", "Lists the subjects by which a user is known.") { user, format };
        command.SetAction(async (parse, cancel) =>
        {
            using var api = Connection.Api(parse);
            Console.Write(Text(await api.Json(HttpMethod.Get, PathOf(parse.GetRequiredValue(user)), null, cancel) as JsonArray ?? [], parse.GetValue(format)!, Columns, Wide));
            return ExitCode.Ok;
        });
        return command;
    }

    private static Command Remove()
    {
        var user = User();
        var id = new Argument<Guid>("certificate") { Description = "Id of the mapping, as \"user certificate list\" shows it." };
        var command = new Command("remove", "From now on certificates of that subject are nobody's.") { user, id };
        command.SetAction(async (parse, cancel) =>
        {
            using var api = Connection.Api(parse);
            await api.Json(HttpMethod.Delete, $"{PathOf(parse.GetRequiredValue(user))}/{parse.GetValue(id):D}", null, cancel);
            Console.WriteLine($"removed {parse.GetValue(id):D}");
            return ExitCode.Ok;
        });
        return command;
    }

    /// <summary>A file may have the private key, too, which is nobody else's business.</summary>
    internal static string PublicPart(string pem)
    {
        const string begin = "-----BEGIN CERTIFICATE-----", end = "-----END CERTIFICATE-----";
        var (from, to) = (pem.IndexOf(begin, StringComparison.Ordinal), pem.IndexOf(end, StringComparison.Ordinal));
        return from >= 0 && to > from ? pem[from..(to + end.Length)] : throw new CliException("the file has no certificate in PEM (-----BEGIN CERTIFICATE-----)");
    }
}
