using System.Security.Cryptography;
using System.Text;

namespace Controller.Api.Tests;

[Collection("cloud")]
public sealed class HttpTests(ApiFixture api)
{
    private const string ComputeCategory = "Category: compute; scheme=\"http://schemas.ogf.org/occi/infrastructure#\"; class=\"kind\"";
    private const string NetworkCategory = "Category: network; scheme=\"http://schemas.ogf.org/occi/infrastructure#\"; class=\"kind\"";
    private const string Start = "Category: start; scheme=\"http://schemas.ogf.org/occi/infrastructure/compute/action#\"; class=\"action\"";
    private const string Stop = "Category: stop; scheme=\"http://schemas.ogf.org/occi/infrastructure/compute/action#\"; class=\"action\"";
    private const string Suspend = "Category: suspend; scheme=\"http://schemas.ogf.org/occi/infrastructure/compute/action#\"; class=\"action\"";
    private const string ComputeKind = "http://schemas.ogf.org/occi/infrastructure#compute";
    private const string Json = "application/occi+json";
    private const string State = "occi.compute.state";

    private async Task<string> NewCompute(string? title = null, string caller = "member") =>
        (await api.Send("POST", "/compute/", ComputeCategory + (title is null ? "" : $"\nX-OCCI-Attribute: occi.core.title=\"{title}\""), caller)).Path;

    [Theory]
    [InlineData("GET", "/-/")]
    [InlineData("GET", "/nothing/here")]
    [InlineData("POST", "/compute/")]
    [InlineData("DELETE", "/compute/vm1")]
    [InlineData("GET", "/health/live")]
    public async Task Every_response_names_server_versions_and_a_content_type(string method, string path)
    {
        var answer = await api.Send(method, path);
        Assert.Contains("OCCI/1.2", answer["Server"], StringComparison.Ordinal);
        Assert.Contains("OCCI/1.1", answer["Server"], StringComparison.Ordinal);
        Assert.NotNull(answer["Content-Type"]);
        Assert.Contains("text/plain", answer["Accept"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, "GET", "/-/", 401)]
    [InlineData("wrong", "GET", "/-/", 401)]
    [InlineData("expired", "GET", "/-/", 401)]
    [InlineData("reader", "GET", "/compute/", 200)]
    [InlineData("reader", "POST", "/compute/", 403)]
    [InlineData("reader", "DELETE", "/compute/", 403)]
    [InlineData("member", "GET", "/admin/hosts", 403)]
    [InlineData("admin", "GET", "/admin/hosts", 200)]
    [InlineData(null, "GET", "/health/lives", 401)]
    [InlineData(null, "DELETE", "/health/live", 401)]
    [InlineData("member", "GET", "/health/lives", 404)]
    [InlineData(null, "GET", "/health/live", 200)]
    [InlineData(null, "GET", "/health/ready", 200)]
    public async Task A_caller_may_do_what_its_role_says(string? caller, string method, string path, int status)
    {
        var answer = await api.Send(method, path, caller: caller);
        Assert.Equal(status, answer.Status);
        if (status == 401)
            Assert.Contains("Bearer", answer["WWW-Authenticate"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Basic_and_x_auth_token_work_too()
    {
        Assert.Equal(200, (await api.Send("GET", "/-/", caller: null, headers: ("X-Auth-Token", api.SecretOf("reader")))).Status);
        var basic = Convert.ToBase64String(Encoding.UTF8.GetBytes("anyone:" + api.SecretOf("reader")));
        Assert.Equal(200, (await api.Send("GET", "/-/", caller: null, headers: ("Authorization", "Basic " + basic))).Status);
    }

    [Fact]
    public async Task Another_projects_entity_is_not_there()
    {
        var path = await NewCompute();
        Assert.Equal(404, (await api.Send("GET", path, caller: "stranger")).Status);
        Assert.Equal(404, (await api.Send("DELETE", path, caller: "stranger")).Status);
        Assert.DoesNotContain(path, (await api.Send("GET", "/compute/", caller: "stranger")).Body, StringComparison.Ordinal);
        Assert.Contains(path, (await api.Send("GET", "/compute/", caller: "admin")).Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET", "/-/")]
    [InlineData("DELETE", "/nothing")]
    public async Task A_higher_version_is_501_everywhere(string method, string path) =>
        Assert.Equal(501, (await api.Send(method, path, caller: null, headers: ("User-Agent", "x OCCI/1.10"))).Status);

    [Theory]
    [InlineData("text/plain", "text/plain")]
    [InlineData("text/occi", "text/occi")]
    [InlineData(Json, Json)]
    public async Task The_query_interface_shows_the_model_in_every_rendering(string accept, string contentType)
    {
        var answer = await api.Send("GET", "/-/", accept: accept);
        Assert.Equal((200, contentType), (answer.Status, answer["Content-Type"]));
        Assert.Contains("storagelink", answer.Body + answer["Category"], StringComparison.Ordinal);
        Assert.Equal(answer.Body, (await api.Send("GET", "/.well-known/org/ogf/occi/-/", accept: accept)).Body);
    }

    [Fact]
    public async Task The_query_interface_is_filtered_by_category()
    {
        (string, string) filter = ("Category", "compute; scheme=\"http://schemas.ogf.org/occi/infrastructure#\"");
        var answer = await api.Send("GET", "/-/", accept: "text/occi", headers: filter);
        Assert.Equal(200, answer.Status);
        Assert.StartsWith("compute;", answer["Category"], StringComparison.Ordinal);
        Assert.DoesNotContain(",", answer["Category"]!, StringComparison.Ordinal);
        Assert.Equal(400, (await api.Send("GET", "/-/", headers: ("Category", "x; scheme=\"http://nowhere#\""))).Status);
    }

    [Theory]
    [InlineData("GET", "/-/", "text/uri-list", 400)]
    [InlineData("GET", "/-/", "image/png", 406)]
    [InlineData("PUT", "/-/", null, 405)]
    [InlineData("PUT", "/compute/", null, 405)]
    [InlineData("POST", "/mixin/", null, 405)]
    [InlineData("PUT", "/compute/vm1", null, 400)]
    [InlineData("GET", "/compute/00000000-0000-4000-8000-0000000000aa", null, 404)]
    [InlineData("GET", "/compute/?page=1", null, 400)]
    [InlineData("GET", "/compute/?page=1&number=1000000", null, 413)]
    public async Task Refusals_have_their_codes(string method, string path, string? accept, int status)
    {
        var answer = await api.Send(method, path, accept: accept);
        Assert.Equal(status, answer.Status);
        Assert.NotEmpty(answer.Body);
        if (status == 405)
            Assert.Contains("OPTIONS", answer["Allow"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Head_and_options_answer()
    {
        var head = await api.Send("HEAD", "/-/");
        Assert.Equal((200, ""), (head.Status, head.Body));
        Assert.Equal("GET, POST, DELETE, HEAD, OPTIONS", (await api.Send("OPTIONS", "/compute/"))["Allow"]);
    }

    [Fact]
    public async Task A_create_answers_location_and_body_as_all_clients_need_it()
    {
        var answer = await api.Send("POST", "/compute/", ComputeCategory);
        Assert.Equal((201, "text/plain"), (answer.Status, answer["Content-Type"]));
        Assert.Equal($"X-OCCI-Location: {answer["Location"]}", answer.Body);
        var read = await api.Send("GET", answer.Path);
        Assert.Equal(200, read.Status);
        Assert.Contains($"occi.core.id=\"urn:uuid:{answer.Path["/compute/".Length..]}\"", read.Body, StringComparison.Ordinal);
        Assert.Contains(answer["Location"]!, (await api.Send("GET", "/compute")).Body.Split("X-OCCI-Location: ").Select(l => l.Trim()));
    }

    [Fact]
    public async Task A_create_in_headers_answers_in_headers()
    {
        var answer = await api.Send("POST", "/compute/", accept: "text/occi", contentType: "text/occi", headers: ("Category", ComputeCategory["Category: ".Length..]));
        Assert.Equal((201, "OK"), (answer.Status, answer.Body));
        Assert.Equal(answer["Location"], answer["X-OCCI-Location"]);
    }

    [Fact]
    public async Task A_create_in_json_answers_the_entity()
    {
        var id = Guid.NewGuid();
        var body = $$$"""{"kind":"{{{ComputeKind}}}","id":"urn:uuid:{{{id}}}","title":"a","attributes":{"occi.compute.cores":2}}""";
        var answer = await api.Send("POST", "/", body, accept: Json, contentType: Json);
        Assert.Equal((201, $"/compute/{id}"), (answer.Status, answer.Path));
        Assert.Equal($"urn:uuid:{id}", answer.Json.GetProperty("id").GetString());
        // The same again is the same entity; another project gets another one.
        Assert.Equal(answer.Path, (await api.Send("POST", "/compute/", body, accept: Json, contentType: Json)).Path);
        Assert.NotEqual(answer.Path, (await api.Send("POST", "/compute/", body, caller: "stranger", accept: Json, contentType: Json)).Path);
    }

    [Theory]
    [InlineData("/compute/", "nonsense", 400)]
    [InlineData("/compute/", NetworkCategory, 400)]
    [InlineData("/compute/", ComputeCategory + "\nX-OCCI-Attribute: occi.compute.cores=\"many\"", 400)]
    [InlineData("/compute/", ComputeCategory + "\nX-OCCI-Attribute: no.such=1", 400)]
    [InlineData("/compute/", "X-OCCI-Location: http://x/compute/1", 400)]
    [InlineData("/", "Category: entity; scheme=\"http://schemas.ogf.org/occi/core#\"; class=\"kind\"", 400)]
    [InlineData("/resource/", "Category: resource; scheme=\"http://schemas.ogf.org/occi/core#\"; class=\"kind\"", 400)]
    [InlineData("/compute/", ComputeCategory + "\nX-OCCI-Attribute: occi.compute.memory=4000", 409)]
    public async Task What_is_wrong_creates_nothing(string path, string body, int status) => Assert.Equal(status, (await api.Send("POST", path, body)).Status);

    [Fact]
    public async Task An_unknown_content_type_is_406() =>
        Assert.Equal(406, (await api.Send("POST", "/compute/", "x", contentType: "application/x-unknown")).Status);

    [Fact]
    public async Task A_batch_is_all_or_nothing()
    {
        var before = (await api.Send("GET", "/compute/")).Body;
        var answer = await api.Send("POST", "/compute/",
            $$$"""{"resources":[{"kind":"{{{ComputeKind}}}"},{"kind":"{{{ComputeKind}}}","attributes":{"occi.compute.memory":4000}}]}""", accept: Json, contentType: Json);
        Assert.Equal((409, 409), (answer.Status, answer.Json.GetProperty("code").GetInt32()));
        Assert.Contains("4000 GiB are needed", answer.Body, StringComparison.Ordinal);
        Assert.Equal(before, (await api.Send("GET", "/compute/")).Body);
    }

    [Fact]
    public async Task Inline_links_are_created_and_shown()
    {
        var network = (await api.Send("POST", "/network/", NetworkCategory)).Path;
        var compute = (await api.Send("POST", "/compute/", $"{ComputeCategory}\nLink: <{network}>; rel=\"http://schemas.ogf.org/occi/infrastructure#network\"; category=\"http://schemas.ogf.org/occi/infrastructure#networkinterface\"")).Path;
        var read = await api.Send("GET", compute, accept: Json);
        var link = Assert.Single(read.Json.GetProperty("links").EnumerateArray());
        Assert.Contains("networkinterface", link.GetProperty("kind").GetString(), StringComparison.Ordinal);
        var listed = (await api.Send("GET", "/compute/", accept: Json)).Json.GetProperty("resources").EnumerateArray()
            .Single(r => compute.EndsWith(r.GetProperty("id").GetString()!["urn:uuid:".Length..], StringComparison.Ordinal));
        Assert.Single(listed.GetProperty("links").EnumerateArray());
        // What was read can be put back: links and action links in it are left alone.
        await api.Becomes(compute, "occi.networkinterface.state", "active");
        var text = await api.Send("GET", compute);
        Assert.Equal(200, (await api.Send("PUT", compute, text.Body)).Status);
        Assert.Contains($"<{network}>", (await api.Send("GET", compute)).Body, StringComparison.Ordinal);
        Assert.Equal(200, (await api.Send("DELETE", compute)).Status);
        Assert.Equal(404, (await api.Send("GET", compute)).Status);
        Assert.Equal(200, (await api.Send("DELETE", network)).Status);
    }

    [Fact]
    public async Task A_partial_update_changes_what_it_names()
    {
        var path = await NewCompute("before");
        var answer = await api.Send("POST", path, "X-OCCI-Attribute: occi.compute.hostname=\"h2\"");
        Assert.Equal(200, answer.Status);
        Assert.Contains("occi.compute.hostname=\"h2\"", answer.Body, StringComparison.Ordinal);
        Assert.Contains("occi.core.title=\"before\"", answer.Body, StringComparison.Ordinal);
        await api.Becomes(path, State, "active");
        Assert.Equal(403, (await api.Send("POST", path, "X-OCCI-Attribute: occi.compute.state=\"inactive\"")).Status);
    }

    [Fact]
    public async Task Put_creates_at_a_free_url()
    {
        var path = $"/compute/{Guid.NewGuid()}";
        Assert.Equal((201, path), await api.Send("PUT", path, ComputeCategory) is var a ? (a.Status, a.Path) : default);
        Assert.Equal(200, (await api.Send("PUT", path, ComputeCategory)).Status);
    }

    [Fact]
    public async Task A_change_can_depend_on_the_version_read()
    {
        var path = await NewCompute();
        await api.Becomes(path, State, "active");
        var tag = (await api.Send("GET", path))["ETag"]!;
        Assert.Equal(304, (await api.Send("GET", path, headers: ("If-None-Match", tag))).Status);
        Assert.Equal(200, (await api.Send("POST", path, "X-OCCI-Attribute: occi.core.title=\"x\"", headers: ("If-Match", tag))).Status);
        Assert.Equal(200, (await api.Send("GET", path, headers: ("If-None-Match", tag))).Status);
        Assert.Equal(412, (await api.Send("POST", path, "X-OCCI-Attribute: occi.core.title=\"y\"", headers: ("If-Match", tag))).Status);
        Assert.Equal(412, (await api.Send("DELETE", path, headers: ("If-Match", tag))).Status);
    }

    [Fact]
    public async Task Actions_are_invoked_by_their_term()
    {
        var path = await NewCompute();
        await api.Becomes(path, State, "active");
        var stopped = await api.Send("POST", path + "?action=stop", Stop);
        Assert.Equal(200, stopped.Status);
        Assert.Contains("occi.core.id", stopped.Body, StringComparison.Ordinal);
        await api.Becomes(path, State, "inactive");
        Assert.Equal(409, (await api.Send("POST", path + "?action=suspend", Suspend)).Status);
        Assert.Equal(200, (await api.Send("POST", path + "?action=start", Start)).Status);
        await api.Becomes(path, State, "active");
        Assert.Equal(200, (await api.Send("POST", path + "?action=suspend", Suspend)).Status);
        await api.Becomes(path, State, "suspended");
        Assert.Equal(400, (await api.Send("POST", path + "?action=stop", Start)).Status);
        Assert.Equal(400, (await api.Send("POST", path + "?action=start")).Status);
        Assert.Equal(400, (await api.Send("POST", path + "?action=up", Start.Replace("start", "up", StringComparison.Ordinal).Replace("/compute/", "/network/", StringComparison.Ordinal))).Status);
        Assert.Equal(405, (await api.Send("GET", path + "?action=start")).Status);
        Assert.Equal(200, (await api.Send("POST", "/compute/?action=start", Start)).Status);
        await api.Becomes(path, State, "active");
    }

    [Fact]
    public async Task Listings_are_filtered_and_paged()
    {
        var title = Guid.NewGuid().ToString("N");
        var made = new List<string>();
        for (var i = 0; i < 5; i++)
            made.Add(await NewCompute(title));
        (string, string) filter = ("X-OCCI-Attribute", $"occi.core.title=\"{title}\"");
        var all = (await api.Send("GET", "/compute/", accept: "text/uri-list", headers: filter)).Lines;
        Assert.Equal(made, all.Select(u => new Uri(u).AbsolutePath));
        Assert.Equal(all[2..4], (await api.Send("GET", "/compute/?page=2&number=2", accept: "text/uri-list", headers: filter)).Lines);
        Assert.Empty((await api.Send("GET", "/compute/?page=9;number=2", accept: "text/uri-list", headers: filter)).Body);
        Assert.Equal(all, (await api.Send("GET", "/", accept: "text/uri-list", headers: filter)).Lines);
        Assert.Empty((await api.Send("GET", "/compute/", accept: "text/uri-list", headers: ("X-OCCI-Attribute", "occi.compute.cores=77"))).Body);
        Assert.Equal(400, (await api.Send("GET", "/compute/", headers: ("X-OCCI-Attribute", "no.such=1"))).Status);
        Assert.Equal(400, (await api.Send("GET", "/compute/", headers: ("X-OCCI-Attribute", "=;"))).Status);
    }

    [Fact]
    public async Task An_image_becomes_a_template_at_once_and_its_collection_is_served()
    {
        var text = Convert.ToBase64String(RandomNumberGenerator.GetBytes(100_000));
        var digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
        var put = await api.Send("PUT", "/admin/images/demo?title=Demo&format=raw", text, caller: "admin", contentType: "application/octet-stream");
        Assert.Equal(200, put.Status);
        var sha = put.Json.GetProperty("sha256").GetString()!;
        Assert.Equal(digest, sha);
        Assert.Equal(sha, Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(Path.Combine(api.Images, sha)))));
        var compute = await api.Send("POST", "/compute/", $"{ComputeCategory}\nCategory: demo; scheme=\"http://controller.local/occi/os_tpl#\"; class=\"mixin\"");
        Assert.Equal(201, compute.Status);
        Assert.Contains(compute.Path, (await api.Send("GET", "/mixin/os_tpl/demo/")).Body, StringComparison.Ordinal);
        Assert.Contains(compute.Path, (await api.Send("GET", "/mixin/os_tpl/")).Body, StringComparison.Ordinal);
        await api.Becomes(compute.Path, State, "active");
        var stored = Directory.GetFiles(api.Images);
        Assert.Equal(400, (await api.Send("PUT", "/admin/images/demo2?format=qcow2", text, caller: "admin")).Status);
        Assert.Equal(stored, Directory.GetFiles(api.Images));
    }

    [Fact]
    public async Task Mixin_membership_is_given_and_taken()
    {
        const string Small = "/mixin/resource_tpl/mem_small/";
        var compute = await NewCompute();
        var location = $"X-OCCI-Location: {new Uri(api.Url, compute)}";
        Assert.Equal(200, (await api.Send("POST", Small, location)).Status);
        Assert.Contains("mem_small", (await api.Send("GET", compute)).Body, StringComparison.Ordinal);
        Assert.Contains(location, (await api.Send("GET", Small)).Body, StringComparison.Ordinal);
        Assert.Equal(200, (await api.Send("DELETE", Small, location)).Status);
        Assert.DoesNotContain(compute, (await api.Send("GET", Small)).Body, StringComparison.Ordinal);
        Assert.Equal(200, (await api.Send("GET", compute)).Status);
        Assert.Equal(400, (await api.Send("POST", Small, $"X-OCCI-Location: {new Uri(api.Url, "/compute/" + Guid.NewGuid())}")).Status);
    }

    [Fact]
    public async Task An_operator_makes_projects_and_tokens_and_revokes_them()
    {
        var project = await api.Send("POST", "/admin/projects", """{"name":"p1","quota":{"cores":4}}""", "admin", contentType: "application/json");
        Assert.Equal((201, 4), (project.Status, project.Json.GetProperty("quota").GetProperty("cores").GetInt32()));
        Assert.Equal(409, (await api.Send("POST", "/admin/projects", """{"name":"p1"}""", "admin", contentType: "application/json")).Status);
        var token = await api.Send(
            "POST", "/admin/tokens", """{"name":"t1","project":"p1","role":"member","expiresInSeconds":60}""", "admin", contentType: "application/json");
        Assert.Equal(201, token.Status);
        var secret = token.Json.GetProperty("token").GetString()!;
        Assert.Equal(200, (await api.Send("GET", "/compute/", caller: secret)).Status);
        Assert.DoesNotContain(secret, (await api.Send("GET", "/admin/tokens", caller: "admin")).Body, StringComparison.Ordinal);
        Assert.Equal(200, (await api.Send("DELETE", "/admin/tokens/" + token.Json.GetProperty("id").GetString(), caller: "admin")).Status);
        Assert.Equal(401, (await api.Send("GET", "/compute/", caller: secret)).Status);
        Assert.Equal(400, (await api.Send("POST", "/admin/tokens", "{", "admin", contentType: "application/json")).Status);
        Assert.Equal(400, (await api.Send("POST", "/admin/tokens", """{"name":"t","project":"p1","role":"king"}""", "admin", contentType: "application/json")).Status);
    }

    [Fact]
    public async Task A_join_token_tells_an_agent_where_to_dial_and_whom_to_trust()
    {
        var answer = await api.Send("POST", "/admin/hosts/join-tokens", """{"ttlSeconds":60}""", "admin", contentType: "application/json");
        Assert.Equal(201, answer.Status);
        var token = answer.Json.GetProperty("token").GetString()!;
        var content = System.Text.Json.JsonDocument.Parse(System.Buffers.Text.Base64Url.DecodeFromChars(token.AsSpan("cjt1.".Length))).RootElement;
        Assert.StartsWith("127.0.0.1:", Assert.Single(content.GetProperty("e").EnumerateArray()).GetString(), StringComparison.Ordinal);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(api.AuthorityCertificate)), content.GetProperty("f").GetString());
        Assert.Equal(403, (await api.Send("POST", "/admin/hosts/join-tokens", "{}", "member", contentType: "application/json")).Status);
        Assert.Equal(400, (await api.Send("POST", "/admin/hosts/join-tokens", """{"ttlSeconds":-1}""", "admin", contentType: "application/json")).Status);
    }

    [Fact]
    public async Task What_is_too_large_is_413()
    {
        Assert.Equal(413, (await api.Send("POST", "/compute/", new string('x', 9_000_000))).Status);
        Assert.Equal(413, (await api.Send("GET", "/compute/", headers: ("X-Long", new string('x', 300_000)))).Status);
    }

    [Fact]
    public async Task Errors_speak_the_rendering_asked_for()
    {
        Assert.NotNull((await api.Send("GET", "/nothing", accept: "text/occi"))["X-OCCI-Error"]);
        var json = await api.Send("GET", "/nothing", accept: Json);
        Assert.Equal((Json, "not-found"), (json["Content-Type"], json.Json.GetProperty("type").GetString()));
        Assert.Equal((400, 403), ((await api.Send("DELETE", "/-/")).Status, (await api.Send("DELETE", "/-/", ComputeCategory)).Status));
    }
}
