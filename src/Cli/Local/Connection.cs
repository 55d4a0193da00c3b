using System.CommandLine;

namespace Controller.Cli.Local;

/// <summary>Options that every command takes, and what they lead to.</summary>
internal static class Connection
{
    private const string EndpointVariable = "CONTROLLER_ENDPOINT", TokenVariable = "CONTROLLER_TOKEN";

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

    public static DataDirectory DataOf(ParseResult parse) => new(parse.GetValue(Data)!);

    /// <summary>The API that a command talks to.</summary>
    /// <exception cref="CliException">It is not known where it is, or with what token.</exception>
    public static ApiClient Api(ParseResult parse)
    {
        var data = DataOf(parse);
        var endpoint = First(parse.GetValue(Endpoint), Environment.GetEnvironmentVariable(EndpointVariable), SafeFile.Read(data.Endpoint))
            ?? throw new CliException($"no endpoint: there is no {data.Endpoint}. Start a cluster with \"controller up\", or give --data, --endpoint or {EndpointVariable}");
        var token = First(parse.GetValue(Token), Environment.GetEnvironmentVariable(TokenVariable), SafeFile.Read(data.AdminToken))
            ?? throw new CliException($"no token: there is no {data.AdminToken}. Give --token or {TokenVariable}");
        return Uri.TryCreate(endpoint, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
            ? new(uri, token)
            : throw new CliException($"the endpoint has to be an http or https URL, and is \"{endpoint}\"");
    }

    /// <summary>The token that was given, by option or environment; null: none. Of the local cluster's files it knows nothing: they are for its own endpoint.</summary>
    public static string? TokenOf(ParseResult parse) => First(parse.GetValue(Token), Environment.GetEnvironmentVariable(TokenVariable));

    private static string? First(params string?[] values) => values.FirstOrDefault(v => !string.IsNullOrWhiteSpace(v))?.Trim();
}
