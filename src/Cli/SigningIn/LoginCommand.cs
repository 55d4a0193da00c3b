using System.CommandLine;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Controller.Cli.Local;
using Controller.Cli.Output;

namespace Controller.Cli.SigningIn;

/// <summary><c>controller login URL</c>, <c>logout</c> and <c>profile …</c></summary>
internal static class LoginCommand
{
    private const int TokenDays = 30;

    public static Command Create()
    {
        var url = new Argument<string>("url") { Description = "URL of the API: https://cloud.example:8443." };
        var profile = new Option<string?>("--as") { Description = "Name of the profile that it is kept as. Default: the URL's host.", HelpName = "PROFILE" };
        var name = new Option<string?>("--name") { Description = "Signs in with that user's name and password, which is asked for, or read from a standard input that is no terminal.", HelpName = "USER" };
        var token = new Option<bool>("--with-token") { Description = "Signs in with a token, which is asked for, or read from a standard input that is no terminal." };
        var project = new Option<string?>("--project") { Description = "The project that requests act in, by name or id. Default: the only one.", HelpName = "PROJECT" };
        var command = new Command("login", "Signs in to a cloud: by its identity provider in a browser (device flow) where there is one, else with a password or a token; with --cert as whom that certificate names. The files of --cert, --cert-key and --ca are remembered where they are.") { url, profile, name, token, project };
        command.SetAction(async (parse, cancel) =>
        {
            if (!Uri.TryCreate(parse.GetRequiredValue(url), UriKind.Absolute, out var endpoint) || endpoint.Scheme is not ("http" or "https"))
                throw new CliException($"the URL has to be an http or https URL, and is \"{parse.GetRequiredValue(url)}\"", ExitCode.Usage);
            var files = Connection.Files(parse).Anywhere();
            if (files.Certificate is not null && endpoint.Scheme != "https")
                throw new CliException($"a certificate is shown over https alone, and the URL is {endpoint}", ExitCode.Usage);
            using var http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = true, SslOptions = ClientTls.Read(files).Options() }) { BaseAddress = endpoint };
            http.DefaultRequestHeaders.Add("X-Requested-With", "controller-cli");
            http.DefaultRequestHeaders.Accept.Add(new("application/json"));
            var methods = (await Json(http, HttpMethod.Get, "/auth/session", null, null, cancel))?["methods"] as JsonArray ?? [];
            (string? Token, string? Id) made = parse.GetValue(token) ? (Ask("Token: "), null)
                : parse.GetValue(name) is { } user ? await WithPassword(http, user, cancel)
                : files.Certificate is not null ? (null, null)
                : methods.FirstOrDefault(m => m?["type"]?.ToString() == "oidc") is { } oidc ? await WithDevice(http, oidc, cancel)
                : throw new CliException("there is no identity provider there: sign in with --name USER or --with-token");
            var session = await Json(http, HttpMethod.Get, "/auth/session", null, made.Token, cancel);
            if (session?["signedIn"]?.GetValue<bool>() != true)
            {
                // The API says why a certificate is not taken where one has to be somebody.
                if (made.Token is null)
                    await Json(http, HttpMethod.Get, "/auth/tokens", null, null, cancel);
                throw new CliException(made.Token is null ? $"the certificate in {files.Certificate} is not taken" : "the token is not taken: it is unknown, expired or revoked");
            }
            var projects = (session["projects"] as JsonArray ?? []).Select(p => p?["name"]?.ToString() ?? "").ToArray();
            var wanted = parse.GetValue(project);
            if (wanted is not null && !(session["projects"] as JsonArray ?? []).Any(p => p?["name"]?.ToString() == wanted || p?["id"]?.ToString() == wanted))
                throw new CliException($"there is no project {wanted} of yours; there are: {string.Join(", ", projects)}");
            var kept = new Profile(parse.GetValue(profile) ?? endpoint.Host, endpoint.GetLeftPart(UriPartial.Authority), made.Token, made.Id, wanted, files);
            Profiles.Keep(kept);
            Console.Error.WriteLine($"signed in to {kept.Endpoint} as {Table.Plain(session["user"]?["name"]?.ToString() ?? "")}, kept as profile {kept.Name} in {Profiles.File}");
            if (wanted is null && session["project"] is null && projects.Length > 1)
                Console.Error.WriteLine($"you have several projects ({Table.Plain(string.Join(", ", projects))}): choose one with \"controller login … --project\" or CONTROLLER_PROJECT");
            return ExitCode.Ok;
        });
        return command;
    }

    public static Command CreateLogout()
    {
        var profile = new Argument<string?>("profile") { Description = "Which one. Default: the one that is used.", Arity = ArgumentArity.ZeroOrOne };
        var command = new Command("logout", "Forgets a profile, and takes its token back where \"login\" has made it.") { profile };
        command.SetAction(async (parse, cancel) =>
        {
            var found = Named(parse.GetValue(profile) ?? Profiles.Current ?? throw new CliException("you are not signed in: there is no profile in use"));
            if (found.TokenId is { } id)
            {
                using var http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, SslOptions = Connection.Tls(parse, found).Options() }) { BaseAddress = new(found.Endpoint) };
                try
                {
                    await Json(http, HttpMethod.Delete, "/auth/tokens/" + Uri.EscapeDataString(id), null, found.Token, cancel);
                }
                catch (Exception e) when (e is RefusedException or CliException)
                {
                    Console.Error.WriteLine($"its token could not be taken back, and ends by itself: {e.Message}");
                }
            }
            Profiles.Remove(found.Name);
            Console.Error.WriteLine($"signed out of {found.Endpoint}");
            return ExitCode.Ok;
        });
        return command;
    }

    public static Command CreateProfile()
    {
        var name = new Argument<string>("profile") { Description = "Its name." };
        var use = new Command("use", "Uses that one from now on.") { name };
        use.SetAction(parse =>
        {
            Profiles.Use(Named(parse.GetRequiredValue(name)).Name);
            return ExitCode.Ok;
        });
        var format = OutputFormat.Option();
        var list = new Command("list", "Lists the clouds that you are signed in to.") { format };
        list.SetAction(parse =>
        {
            var current = Profiles.Current;
            // Without the tokens.
            var data = new JsonArray([.. Profiles.All.Select(p => new JsonObject { ["name"] = p.Name, ["current"] = p.Name == current, ["endpoint"] = p.Endpoint, ["project"] = p.Project, ["tokenId"] = p.TokenId, ["certificate"] = p.Files.Certificate, ["authorities"] = p.Files.Authorities })]);
            Console.Write(OutputFormat.Text(data, parse.GetValue(format)!, wide => new Table(["", "NAME", "ENDPOINT", "PROJECT", .. wide ? (string[])["TOKEN ID", "CERTIFICATE", "AUTHORITIES"] : []]).AddAll(
                Profiles.All.Select(p => (string[])[p.Name == current ? "*" : "", p.Name, p.Endpoint, p.Project ?? "", .. wide ? (string[])[p.TokenId ?? "", p.Files.Certificate ?? "", p.Files.Authorities ?? ""] : []])).ToString()));
            return ExitCode.Ok;
        });
        return new("profile", "The clouds that you are signed in to.") { list, use };
    }

    private static Profile Named(string name) =>
        Profiles.Find(name) ?? throw new CliException($"there is no profile {name}; there are: {(Profiles.All is { Count: > 0 } all ? string.Join(", ", all.Select(p => p.Name)) : "none. Sign in with \"controller login URL\"")}");

    private static async Task<(string Token, string? Id)> WithPassword(HttpClient http, string user, CancellationToken cancel)
    {
        await Json(http, HttpMethod.Post, "/auth/sessions", new JsonObject { ["name"] = user, ["password"] = Ask("Password: ") }, null, cancel);
        var made = await MakeToken(http, null, cancel);
        await Json(http, HttpMethod.Delete, "/auth/sessions/current", null, null, cancel);
        return made;
    }

    /// <summary>RFC 8628: somebody types a code into a browser, wherever that is.</summary>
    private static async Task<(string Token, string? Id)> WithDevice(HttpClient http, JsonNode method, CancellationToken cancel)
    {
        var (issuer, client) = (method["issuer"]?.ToString() ?? "", method["clientId"]?.ToString() ?? "");
        using var provider = new HttpClient();
        var about = await Json(provider, HttpMethod.Get, issuer.TrimEnd('/') + "/.well-known/openid-configuration", null, null, cancel);
        var start = about?["device_authorization_endpoint"]?.ToString() ?? throw new CliException($"{issuer} has no device flow: sign in with --name USER or --with-token");
        var begun = await Form(provider, start, new() { ["client_id"] = client, ["scope"] = "openid profile email" }, cancel);
        if (begun.Json["device_code"]?.ToString() is not { } device)
            throw new CliException($"{issuer} refuses the device flow: {begun.Json["error"]}");
        Console.Error.WriteLine($"Open {Table.Plain(begun.Json["verification_uri_complete"]?.ToString() ?? begun.Json["verification_uri"]?.ToString() ?? "")} in a browser and enter the code {Table.Plain(begun.Json["user_code"]?.ToString() ?? "")}");
        var pause = TimeSpan.FromSeconds(begun.Json["interval"]?.GetValue<int>() ?? 5);
        while (true)
        {
            await Task.Delay(pause, cancel);
            var (json, ok) = await Form(provider, about["token_endpoint"]?.ToString() ?? "", new() { ["grant_type"] = "urn:ietf:params:oauth:grant-type:device_code", ["device_code"] = device, ["client_id"] = client }, cancel);
            if (ok)
                return await MakeToken(http, json["id_token"]?.ToString() ?? throw new CliException($"{issuer} has sent no id_token"), cancel);
            switch (json["error"]?.ToString())
            {
                case "authorization_pending":
                    break;
                case "slow_down":
                    pause += TimeSpan.FromSeconds(5);
                    break;
                case var error:
                    throw new CliException($"{issuer} refuses: {error}. Try again with \"controller login\"");
            }
        }
    }

    /// <summary>What is kept is a token of its own, which ends with its user, and can be taken back.</summary>
    private static async Task<(string Token, string? Id)> MakeToken(HttpClient http, string? bearer, CancellationToken cancel)
    {
        var made = await Json(http, HttpMethod.Post, "/auth/tokens", new JsonObject { ["name"] = $"controller login on {Environment.MachineName}", ["expiresInSeconds"] = TokenDays * 86_400 }, bearer, cancel);
        return (made?["token"]?.ToString() ?? throw new CliException("the server has made no token"), made["id"]?.ToString());
    }

    private static async Task<(JsonNode Json, bool Ok)> Form(HttpClient http, string url, Dictionary<string, string> form, CancellationToken cancel)
    {
        using var content = new FormUrlEncodedContent(form);
        using var answer = await http.PostAsync(url, content, cancel);
        return (await answer.Content.ReadFromJsonAsync<JsonNode>(cancel) ?? new JsonObject(), answer.IsSuccessStatusCode);
    }

    private static async Task<JsonNode?> Json(HttpClient http, HttpMethod method, string path, JsonNode? body, string? bearer, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        if (bearer is not null)
            request.Headers.Authorization = new("Bearer", bearer);
        try
        {
            using var answer = await http.SendAsync(request, cancel);
            var text = await answer.Content.ReadAsStringAsync(cancel);
            var json = text.StartsWith('{') ? JsonNode.Parse(text) : null;
            return answer.IsSuccessStatusCode ? json : throw new RefusedException((int)answer.StatusCode, json?["message"]?.ToString() ?? $"{path} was answered with {(int)answer.StatusCode}");
        }
        catch (HttpRequestException e)
        {
            throw ApiClient.Unreached(http.BaseAddress ?? new Uri(path), e);
        }
    }

    private static string Ask(string what)
    {
        if (Console.IsInputRedirected)
            return Console.In.ReadLine()?.Trim() ?? "";
        Console.Error.Write(what);
        var text = new System.Text.StringBuilder();
        for (var key = Console.ReadKey(intercept: true); key.Key != ConsoleKey.Enter; key = Console.ReadKey(intercept: true))
        {
            if (key.Key == ConsoleKey.Backspace)
                text.Length = Math.Max(0, text.Length - 1);
            else if (!char.IsControl(key.KeyChar))
                text.Append(key.KeyChar);
        }
        Console.Error.WriteLine();
        return text.ToString();
    }
}
