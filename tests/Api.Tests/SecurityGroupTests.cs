namespace Controller.Api.Tests;

/// <summary>Security groups as clients see them, in every rendering.</summary>
[Collection("cloud")]
public sealed class SecurityGroupTests(ApiFixture api)
{
    private const string Standard = "http://schemas.ogf.org/occi/infrastructure#", Own = "http://controller.local/occi/infrastructure#", Json = "application/occi+json";
    private const string Group = $"Category: securitygroup; scheme=\"{Own}\"; class=\"kind\"";
    private const string Rules = "local.controller.securitygroup.rules", State = "local.controller.securitygroup.state", LinkState = "local.controller.securitygrouplink.state";
    private const string Quoted = """[{\"direction\":\"ingress\",\"protocol\":\"tcp\",\"ports\":22}]""", Plain = """[{"direction":"ingress","protocol":"tcp","ports":22}]""";

    [Fact]
    public async Task The_rules_of_a_group_are_the_same_in_every_rendering()
    {
        foreach (var kind in (string[])["securitygroup", "securitygrouplink"])
        {
            Assert.Contains($"{kind}; scheme=\"{Own}\"", (await api.Send("GET", "/-/", accept: "text/plain")).Body, StringComparison.Ordinal);
            Assert.Contains($"/{kind}/", (await api.Send("GET", "/-/", accept: Json)).Body, StringComparison.Ordinal);
        }
        (string Body, string? Type, (string, string)[] Headers)[] requests =
        [
            ($"{Group}\nX-OCCI-Attribute: {Rules}=\"{Quoted}\"", null, []),
            ("", "text/occi", [("Category", Group["Category: ".Length..]), ("X-OCCI-Attribute", $"{Rules}=\"{Quoted}\"")]),
            ($$"""{"kind":"{{Own}}securitygroup","attributes":{"{{Rules}}":{{Plain}} } }""", Json, []),
        ];
        foreach (var (body, type, headers) in requests)
        {
            var made = await api.Send("POST", "/securitygroup/", body, contentType: type, headers: headers);
            Assert.True(made.Status == 201, made.Body);
            Assert.Contains($"{Rules}=\"{Quoted}\"", (await api.Send("GET", made.Path, accept: "text/plain")).Body, StringComparison.Ordinal);
            Assert.Contains($"{Rules}=\"{Quoted}\"", (await api.Send("GET", made.Path, accept: "text/occi"))["X-OCCI-Attribute"], StringComparison.Ordinal);
            Assert.Contains($"\"{Rules}\":{Plain}", (await api.Send("GET", made.Path, accept: Json)).Body, StringComparison.Ordinal);
            Assert.Contains(made.Path, (await api.Send("GET", "/securitygroup/", accept: "text/uri-list")).Body, StringComparison.Ordinal);
            Assert.Equal(404, (await api.Send("GET", made.Path, caller: "stranger")).Status);
            Assert.Equal(403, (await api.Send("DELETE", made.Path, caller: "reader")).Status);
            Assert.Equal(200, (await api.Send("DELETE", made.Path)).Status);
        }
    }

    [Fact]
    public async Task A_compute_is_in_a_group_by_a_link_and_a_group_in_use_stays()
    {
        var group = (await api.Send("POST", "/", $"{Group}\nX-OCCI-Attribute: {Rules}=\"{Quoted}\"")).Path;
        var network = (await api.Send("POST", "/", $"Category: network; scheme=\"{Standard}\"; class=\"kind\"\nCategory: ipnetwork; scheme=\"http://schemas.ogf.org/occi/infrastructure/network#\"; class=\"mixin\"")).Path;
        // The target tells what kind of link is meant.
        var made = await api.Send(
            "POST", "/", $"Category: compute; scheme=\"{Standard}\"; class=\"kind\"\nLink: <{network}>; rel=\"{Standard}network\"\nLink: <{group}>; rel=\"{Own}securitygroup\"");
        Assert.True(made.Status == 201, made.Body);
        await api.Becomes(made.Path, "occi.compute.state", "active");
        var link = (await api.Send("GET", "/securitygrouplink/", accept: "text/uri-list")).Body.Split('\n', StringSplitOptions.RemoveEmptyEntries).Single();
        link = new Uri(api.Url, link.Trim()).AbsolutePath;
        await api.Becomes(link, LinkState, "active");
        Assert.Contains($"self=\"{link}\"", (await api.Send("GET", made.Path, accept: "text/plain")).Body, StringComparison.Ordinal);

        var changed = await api.Send("POST", group, $"X-OCCI-Attribute: {Rules}=\"[]\"");
        Assert.True(changed.Status == 200, changed.Body);
        await api.Becomes(group, State, "active");
        await api.Becomes(link, LinkState, "active");
        Assert.Equal(400, (await api.Send("POST", group, $"X-OCCI-Attribute: {Rules}=\"[22]\"")).Status);
        Assert.Equal(400, (await api.Send("POST", group, $"X-OCCI-Attribute: {Rules}=\"tcp\"")).Status);
        Assert.Equal(403, (await api.Send("POST", link, "X-OCCI-Attribute: local.controller.securitygrouplink.networkinterface=\"/networkinterface/" + Guid.NewGuid() + "\"")).Status);

        var refused = await api.Send("DELETE", group);
        Assert.Equal(409, refused.Status);
        Assert.Contains(link.Split('/')[^1], refused.Body, StringComparison.Ordinal);
        Assert.Equal(200, (await api.Send("DELETE", made.Path)).Status);
        Assert.Equal(404, (await api.Send("GET", link)).Status);
        Assert.Equal(200, (await api.Send("DELETE", group)).Status);
        Assert.Equal(200, (await api.Send("DELETE", network)).Status);
    }
}
