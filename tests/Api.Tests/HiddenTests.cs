namespace Controller.Api.Tests;

/// <summary>What is on its way out is not there any more, for anybody, however long its host takes.</summary>
[Collection("cloud")]
public sealed class HiddenTests(ApiFixture api) : IDisposable
{
    private const string Infrastructure = "http://schemas.ogf.org/occi/infrastructure#";
    private const string Small = "/mixin/resource_tpl/mem_small/";

    private static string Category(string term) => $"Category: {term}; scheme=\"{Infrastructure}\"; class=\"kind\"";

    public void Dispose() => api.Agent.Faults.Slow("RemoveMachine", TimeSpan.Zero);

    [Fact]
    public async Task A_hidden_entity_shows_nowhere_and_keeps_its_id()
    {
        var title = Guid.NewGuid().ToString("N");
        var network = (await api.Send("POST", "/network/", Category("network"))).Path;
        var compute = (await api.Send("POST", "/compute/", string.Join('\n',
            Category("compute"),
            "Category: mem_small; scheme=\"http://schemas.ogf.org/occi/infrastructure/compute/template/1.1#\"; class=\"mixin\"",
            $"X-OCCI-Attribute: occi.core.title=\"{title}\"",
            $"Link: <{network}>; rel=\"{Infrastructure}network\"; category=\"{Infrastructure}networkinterface\""))).Path;
        await api.Becomes(compute, "occi.networkinterface.state", "active");
        await api.Becomes(compute, "occi.compute.state", "active");
        var id = Guid.Parse(compute.AsSpan("/compute/".Length));
        var link = (await api.Send("GET", compute, accept: "application/occi+json")).Json.GetProperty("links")[0].GetProperty("id").GetString()!["urn:uuid:".Length..];
        (string, string) byTitle = ("X-OCCI-Attribute", $"occi.core.title=\"{title}\"");
        (string, string) byId = ("X-OCCI-Attribute", $"occi.core.id=\"urn:uuid:{id}\"");
        foreach (var path in (string[])["/compute/", Small, "/"])
            Assert.Contains(compute, (await api.Send("GET", path)).Body, StringComparison.Ordinal);

        api.Agent.Faults.Slow("RemoveMachine", TimeSpan.FromMinutes(1));
        Assert.Equal(200, (await api.Send("DELETE", compute)).Status);

        Assert.Equal(1, await api.Count("select count(*) from entity where entity_id = $1 and not listed", id));
        foreach (var caller in (string[])["member", "admin"])
        {
            foreach (var path in (string[])["/compute/", "/resource/", Small, "/mixin/resource_tpl/", "/", "/networkinterface/", "/link/"])
            {
                foreach (var accept in (string[])["text/plain", "application/occi+json"])
                {
                    var listing = await api.Send("GET", path, caller: caller, accept: accept);
                    Assert.Equal(200, listing.Status);
                    Assert.DoesNotContain(id.ToString(), listing.Body, StringComparison.Ordinal);
                    Assert.DoesNotContain(link, listing.Body, StringComparison.Ordinal);
                }
            }
            Assert.Empty((await api.Send("GET", "/compute/", caller: caller, accept: "text/uri-list", headers: byTitle)).Body);
            Assert.Empty((await api.Send("GET", "/compute/", caller: caller, accept: "text/uri-list", headers: byId)).Body);
            Assert.Equal(404, (await api.Send("GET", compute, caller: caller)).Status);
            Assert.Equal(404, (await api.Send("GET", "/networkinterface/" + link, caller: caller)).Status);
        }
        Assert.Equal(404, (await api.Send("DELETE", compute)).Status);
        Assert.Equal(404, (await api.Send("GET", $"/console/{id}")).Status);
        Assert.Equal(400, (await api.Send("POST", Small, $"X-OCCI-Location: urn:uuid:{id}")).Status);

        // Its id is not free: nobody gets it, and who had it is told why.
        var again = $"{Category("compute")}\nX-OCCI-Attribute: occi.core.id=\"urn:uuid:{id}\"";
        Assert.Equal(409, (await api.Send("POST", "/compute/", again)).Status);
        var foreign = await api.Send("POST", "/compute/", again, "stranger");
        Assert.Equal(201, foreign.Status);
        Assert.NotEqual(compute, foreign.Path);
        Assert.Equal(200, (await api.Send("DELETE", foreign.Path, caller: "stranger")).Status);
    }

    [Fact]
    public async Task A_foreign_id_is_as_unknown_as_one_that_nobody_has()
    {
        var foreign = (await api.Send("POST", "/network/", Category("network"), "stranger")).Path["/network/".Length..];
        foreach (var id in (string[])[foreign, Guid.NewGuid().ToString()])
        {
            var answer = await api.Send("POST", Small, $"X-OCCI-Location: urn:uuid:{id}");
            Assert.Equal((400, $"urn:uuid:{id} is no entity here."), (answer.Status, answer.Body.Trim()));
        }
    }
}
