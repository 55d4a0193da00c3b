using System.CommandLine;
using System.Text.Json.Nodes;
using Controller.Cli.Local;
using Controller.Cli.Output;
using Controller.Conformance;

namespace Controller.Cli.Conformance;

/// <summary><c>controller conformance [URL]</c>: how well an endpoint keeps to OCCI, row by row.</summary>
internal static class ConformanceCommand
{
    public static Command Create()
    {
        var url = new Argument<string?>("url") { Description = "The endpoint; the local cluster's, where it is left out.", Arity = ArgumentArity.ZeroOrOne };
        var other = new Option<string?>("--other-token") { Description = "Token of another tenant, for the rows about foreign entities.", HelpName = "TOKEN" };
        var tls = new Option<string?>("--tls") { Description = "The same endpoint's https URL, for the row about TLS.", HelpName = "URL" };
        var insecure = new Option<bool>("--insecure") { Description = "Takes any certificate of an https endpoint." };
        var profile = new Option<string>("--profile")
        {
            Description = "core-1.2: what OCCI 1.2 states; compat-1.1: and 1.1; interop: and what clients need; all: and where the standard is silent.",
            HelpName = "PROFILE", DefaultValueFactory = _ => "all",
        };
        profile.AcceptOnlyFromAmong("core-1.2", "compat-1.1", "interop", "all");
        var only = new Option<string[]>("--only") { Description = "Only these rows: C-001 C-002 …", HelpName = "ID", AllowMultipleArgumentsPerToken = true };
        var deleteAll = new Option<bool>("--delete-all") { Description = "Empty whole collections also where they hold entities that the suite did not make." };
        var patience = new Option<int>("--patience") { Description = "Seconds that a state may take to come.", HelpName = "SECONDS", DefaultValueFactory = _ => 60 };
        var format = OutputFormat.Option();
        var command = new Command("conformance", "Runs the OCCI conformance suite against an endpoint. What it makes there it deletes again.")
        {
            url, other, tls, insecure, profile, only, deleteAll, patience, format,
        };
        command.SetAction((parse, cancel) => Run(
            parse, parse.GetValue(url), parse.GetValue(other), parse.GetValue(format)!,
            new()
            {
                Profile = ProfileOf(parse.GetValue(profile)!), Only = parse.GetValue(only) ?? [], MayDeleteAll = parse.GetValue(deleteAll),
                Patience = TimeSpan.FromSeconds(parse.GetValue(patience)), AnyCertificate = parse.GetValue(insecure),
                TlsEndpoint = (parse.GetValue(tls) ?? (parse.GetValue(url) is null ? SafeFile.Read(Connection.DataOf(parse).TlsEndpoint)?.Trim() : null)) is { } https ? Parse(https) : null,
            },
            cancel));
        return command;
    }

    private static async Task<int> Run(ParseResult parse, string? url, string? otherToken, string format, RunOptions options, CancellationToken cancel)
    {
        var unknown = options.Only.Except(Suite.Rows.Select(r => r.Id)).ToArray();
        if (unknown.Length > 0)
            throw new CliException($"there is no row {string.Join(", ", unknown)}: they are {Suite.Rows[0].Id} to {Suite.Rows[^1].Id}", ExitCode.Usage);
        var (endpoint, token, other) = url is null ? await ScratchTenants.Make(parse, cancel) : (Parse(url), Connection.TokenOf(parse), otherToken);
        using var runner = new Runner(endpoint, token, other, options, TimeProvider.System);
        var results = new List<Result>();
        try
        {
            await foreach (var result in runner.Run().WithCancellation(cancel))
            {
                results.Add(result);
                if (format is OutputFormat.Table or OutputFormat.Wide && result.Verdict == Verdict.Failed)
                    Console.Error.WriteLine($"{result.Row.Id} failed: {result.Why}");
            }
        }
        catch (EndpointException e)
        {
            throw new CliException(e.Message);
        }
        Console.Write(OutputFormat.Text(AsJson(results), format, wide => AsTable(results, options.Profile, wide)));
        return results.TrueForAll(r => r.Verdict != Verdict.Failed) ? ExitCode.Ok : ExitCode.Failed;
    }

    private static string AsTable(List<Result> results, Profile taken, bool wide)
    {
        var table = new Table("ID", "LEVEL", "PROFILE", "VERDICT", "SENT", "WANTED").AddAll(results.Select(r => new[]
        {
            r.Row.Id, r.Row.Is.Level.ToString().ToUpperInvariant(), NameOf(r.Row.Profile), Word(r.Verdict), Short(r.Row.Is.Sends, wide),
            Short(r.Row.Is.Expects, wide) + (r.Verdict == Verdict.NotApplicable ? $" ({r.Why})" : ""),
        }));
        var sums = new Table("PROFILE", "PASSED", "FAILED", "NOT APPLICABLE").AddAll(Enum.GetValues<Profile>().Where(p => p <= taken)
            .Select(p => (Profile: p, Of: results.Where(r => r.Row.Profile <= p).ToList()))
            .Select(p => new[] { NameOf(p.Profile), Count(p.Of, Verdict.Passed), Count(p.Of, Verdict.Failed), Count(p.Of, Verdict.NotApplicable) }));
        return $"{table}\n{sums}";
    }

    private static JsonArray AsJson(List<Result> results) => new JsonArray([.. results.Select(r => new JsonObject
    {
        ["id"] = r.Row.Id, ["level"] = r.Row.Is.Level.ToString(), ["profile"] = NameOf(r.Row.Profile), ["sent"] = r.Row.Is.Sends, ["wanted"] = r.Row.Is.Expects,
        ["verdict"] = Word(r.Verdict), ["why"] = r.Why,
    })]);

    private static string Count(List<Result> results, Verdict verdict) =>
        results.Count(r => r.Verdict == verdict).ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static string Short(string text, bool whole) => !whole && text.Length > 70 ? text[..69] + "…" : text;

    private static string Word(Verdict verdict) => verdict == Verdict.NotApplicable ? "not applicable" : verdict.ToString().ToLowerInvariant();

    private static string NameOf(Profile profile) => profile switch { Profile.Core12 => "core-1.2", Profile.Compat11 => "compat-1.1", Profile.Interop => "interop", _ => "all" };

    private static Profile ProfileOf(string name) => Enum.GetValues<Profile>().First(p => NameOf(p) == name);

    private static Uri Parse(string url) => Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
        ? uri : throw new CliException($"an http or https URL was wanted, and this is \"{url}\"", ExitCode.Usage);
}
