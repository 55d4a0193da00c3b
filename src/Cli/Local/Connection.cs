using System.CommandLine;
using Controller.Cli.SigningIn;

namespace Controller.Cli.Local;

/// <summary>Options that every command takes, and what they lead to.</summary>
internal static class Connection
{
    private const string EndpointVariable = "CONTROLLER_ENDPOINT", TokenVariable = "CONTROLLER_TOKEN", ProfileVariable = "CONTROLLER_PROFILE", ProjectVariable = "CONTROLLER_PROJECT",
        CertificateVariable = "CONTROLLER_CERT", KeyVariable = "CONTROLLER_CERT_KEY", AuthorityVariable = "CONTROLLER_CA";

    public static readonly Option<string> Data = new("--data")
    {
        Description = "Data directory of the local cluster; endpoint and token are found there.", HelpName = "DIR", Recursive = true, DefaultValueFactory = _ => ".data",
    };

    public static readonly Option<string?> Endpoint = new("--endpoint")
    {
        Description = $"URL of the API, instead of the data directory's; also {EndpointVariable}.", HelpName = "URL", Recursive = true,
    };

    public static readonly Option<string?> Token = new("--token")
    {
        Description = $"API token, instead of the data directory's; also {TokenVariable}.", HelpName = "TOKEN", Recursive = true,
    };

    public static readonly Option<string?> ProfileName = new("--profile")
    {
        Description = $"The cloud that \"controller login\" has kept as that; also {ProfileVariable}. Default: the data directory's cluster, and where there is none the profile in use.", HelpName = "PROFILE", Recursive = true,
    };

    public static readonly Option<string?> Certificate = new("--cert")
    {
        Description = $"A client certificate in PEM, instead of a token: of an authority that the API takes users' certificates of; also {CertificateVariable}.", HelpName = "FILE", Recursive = true,
    };

    public static readonly Option<string?> CertificateKey = new("--cert-key")
    {
        Description = $"Its private key in PEM, where that is in another file; also {KeyVariable}.", HelpName = "FILE", Recursive = true,
    };

    public static readonly Option<string?> Authority = new("--ca")
    {
        Description = $"The authorities in PEM that the API's own certificate may be of. Default: those that the system trusts; also {AuthorityVariable}.", HelpName = "FILE", Recursive = true,
    };

    public static DataDirectory DataOf(ParseResult parse) => new(parse.GetValue(Data)!);

    /// <summary>The API that a command talks to.</summary>
    /// <exception cref="CliException">It is not known where it is, or with what token.</exception>
    public static ApiClient Api(ParseResult parse)
    {
        var data = DataOf(parse);
        var files = Files(parse);
        var given = First(parse.GetValue(Endpoint), Environment.GetEnvironmentVariable(EndpointVariable));
        var named = First(parse.GetValue(ProfileName), Environment.GetEnvironmentVariable(ProfileVariable));
        var local = named is not null ? null : files.Certificate is null ? SafeFile.Read(data.Endpoint) : SafeFile.Read(data.TlsEndpoint);
        var profile = named is not null ? Profiles.Find(named) ?? throw new CliException($"there is no profile {named}: \"controller profile list\" shows those that there are, \"controller login URL --as {named}\" makes it")
            : local is null && (given is null || First(parse.GetValue(Token), Environment.GetEnvironmentVariable(TokenVariable)) is null) && Profiles.Current is { } current ? Profiles.Find(current) : null;
        // A profile's token is for its own endpoint.
        if (profile is not null && given is not null && new Uri(given).GetLeftPart(UriPartial.Authority) != profile.Endpoint)
            profile = null;
        var endpoint = First(given, profile?.Endpoint, local)
            ?? throw new CliException($"no endpoint: there is no {data.Endpoint}. Start a cluster with \"controller up\", sign in with \"controller login URL\", or give --data, --endpoint or {EndpointVariable}");
        // Whoever shows a certificate is who it says, and not whose token lies about.
        var token = First(parse.GetValue(Token), Environment.GetEnvironmentVariable(TokenVariable), files.Certificate is null ? profile?.Token : null, files.Certificate is null && profile is null ? SafeFile.Read(data.AdminToken) : null);
        var tls = ClientTls.Read(files.Or(profile?.Files));
        if (token is null && tls.Certificate is null)
            throw new CliException($"no token: there is no {data.AdminToken}. Sign in with \"controller login {endpoint}\", or give --token or {TokenVariable}");
        var project = First(Environment.GetEnvironmentVariable(ProjectVariable), profile?.Project);
        return Uri.TryCreate(endpoint, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
            ? tls.Certificate is null || uri.Scheme == "https" ? new(uri, token, project, tls) : throw new CliException($"a certificate is shown over https alone, and the endpoint is {endpoint}", ExitCode.Usage)
            : throw new CliException($"the endpoint has to be an http or https URL, and is \"{endpoint}\"");
    }

    /// <summary>What is shown to an https endpoint, and whom it is taken from.</summary>
    /// <exception cref="CliException">A file is not what was wanted.</exception>
    /// <param name="parse">The command line.</param>
    /// <param name="profile">What a profile has kept of it; null: nothing.</param>
    public static ClientTls Tls(ParseResult parse, Profile? profile = null) => ClientTls.Read(Files(parse).Or(profile?.Files));

    /// <summary>The files that were given, by option or environment.</summary>
    public static TlsFiles Files(ParseResult parse) => new(
        First(parse.GetValue(Certificate), Environment.GetEnvironmentVariable(CertificateVariable)), First(parse.GetValue(CertificateKey), Environment.GetEnvironmentVariable(KeyVariable)),
        First(parse.GetValue(Authority), Environment.GetEnvironmentVariable(AuthorityVariable)));

    /// <summary>The token that was given, by option or environment; null: none. Of the local cluster's files it knows nothing: they are for its own endpoint.</summary>
    public static string? TokenOf(ParseResult parse) => First(parse.GetValue(Token), Environment.GetEnvironmentVariable(TokenVariable));

    private static string? First(params string?[] values) => values.FirstOrDefault(v => !string.IsNullOrWhiteSpace(v))?.Trim();
}
