using System.Text.Json;
using Controller.Api.Tests.Cloud;

namespace Controller.Api.Tests.Declared;

/// <summary>OCCI SLA (GFD.228) as a data file: conformance C-301 to C-305.</summary>
[Collection("extended cloud")]
public sealed class AgreementTests(ExtendedCloud cloud)
{
    private const string Json = "application/occi+json";
    private const string Scheme = "http://schemas.ogf.org/occi/sla#";
    private const string Agreement = $"Category: agreement; scheme=\"{Scheme}\"; class=\"kind\"";

    private readonly ApiFixture _api = cloud.Api;

    public static TheoryData<string, string, int, string> Table { get; } = new()
    {
        { "", "accept", 200, "Accepted" },
        { "", "reject", 200, "Rejected" },
        { "", "suspend", 409, "Pending" },
        { "", "resume", 409, "Pending" },
        { "", "terminate", 409, "Pending" },
        { "accept", "suspend", 200, "Suspended" },
        { "accept", "terminate", 200, "Terminated" },
        { "accept", "reject", 409, "Accepted" },
        { "accept", "accept", 200, "Accepted" },   // it is so already
        { "accept suspend", "resume", 200, "Accepted" },
        { "accept suspend", "terminate", 200, "Terminated" },
        { "accept suspend", "reject", 409, "Suspended" },
        { "accept terminate", "resume", 409, "Terminated" },
        { "reject", "accept", 409, "Rejected" },
        { "reject", "terminate", 409, "Rejected" },
    };

    [Fact]
    public async Task The_query_interface_has_its_categories()
    {
        var model = (await _api.Send("GET", "/-/", accept: Json)).Json;
        var kind = model.GetProperty("kinds").EnumerateArray().Single(k => k.GetProperty("term").GetString() == "agreement");
        Assert.Equal(
            new[] { "accept", "reject", "suspend", "resume", "terminate" }.Select(a => Scheme + a), kind.GetProperty("actions").EnumerateArray().Select(a => a.GetString()));
        Assert.Equal("date-time", kind.GetProperty("attributes").GetProperty("occi.agreement.effectiveFrom").GetProperty("pattern").GetProperty("format").GetString());
        Assert.Contains(model.GetProperty("kinds").EnumerateArray(), k => k.GetProperty("term").GetString() == "agreement_link");
    }

    [Theory, MemberData(nameof(Table))]
    public async Task Actions_lead_where_the_table_says(string before, string action, int status, string state)
    {
        var path = (await _api.Send("POST", "/agreement/", Agreement)).Path;
        Assert.Equal("Pending", (await Attributes(path)).GetProperty("occi.agreement.state").GetString());
        foreach (var step in before.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            Assert.Equal(200, (await Act(path, step)).Status);

        var answer = await Act(path, action);
        Assert.Equal(status, answer.Status);
        if (status == 409)
            Assert.Contains($"it is {state}", answer.Body, StringComparison.Ordinal);
        Assert.Equal(state, (await Attributes(path)).GetProperty("occi.agreement.state").GetString());
        Assert.Equal(200, (await _api.Send("DELETE", path)).Status);   // in every state
    }

    [Theory]
    [InlineData("P1Y", 400)]
    [InlineData("PT36H", 400)]
    [InlineData("2026-01-01/2026-02-01", 400)]
    [InlineData("R3/2026-01-01T00:00:00Z/P1D", 400)]
    [InlineData("2026-02-30", 400)]
    [InlineData("tomorrow", 400)]
    [InlineData("2026-01-31", 201)]
    [InlineData("2026-01-31T18:30Z", 201)]
    [InlineData("2026-01-31T18:30:00.5+02:00", 201)]
    public async Task It_holds_from_a_point_in_time(string from, int status)
    {
        var answer = await _api.Send("POST", "/agreement/", $"{Agreement}\nX-OCCI-Attribute: occi.agreement.effectiveFrom=\"{from}\"");
        Assert.Equal(status, answer.Status);
        if (status == 400)
            Assert.Contains("occi.agreement.effectiveFrom: expected a date and time", answer.Body, StringComparison.Ordinal);
        else
            Assert.Equal(from, (await Attributes(answer.Path)).GetProperty("occi.agreement.effectiveFrom").GetString());
    }

    [Fact]
    public async Task Clients_set_neither_the_state_nor_when_it_was_agreed()
    {
        const string Wish = "X-OCCI-Attribute: occi.agreement.state=\"Accepted\", occi.agreement.agreedAt=\"2020-01-01T00:00:00Z\"";
        var path = (await _api.Send("POST", "/agreement/", $"{Agreement}\n{Wish}")).Path;
        await IsUntouched();
        Assert.Equal(403, (await _api.Send("POST", path, Wish)).Status);
        Assert.Equal(403, (await _api.Send("PUT", path, $"{Agreement}\n{Wish}")).Status);
        await IsUntouched();

        Assert.Equal(200, (await Act(path, "accept")).Status);
        var agreed = (await Attributes(path)).GetProperty("occi.agreement.agreedAt").GetDateTimeOffset();
        Assert.True(agreed.Year > 2020);
        Assert.Equal(200, (await _api.Send("PUT", path, $"{Agreement}\nX-OCCI-Attribute: occi.core.title=\"gold\"")).Status);   // a replacement takes nothing of the server's away
        Assert.Equal(agreed, (await Attributes(path)).GetProperty("occi.agreement.agreedAt").GetDateTimeOffset());

        async Task IsUntouched()
        {
            var now = await Attributes(path);
            Assert.Equal("Pending", now.GetProperty("occi.agreement.state").GetString());
            Assert.False(now.TryGetProperty("occi.agreement.agreedAt", out _));
        }
    }

    [Fact]
    public async Task It_covers_resources_here_and_elsewhere()
    {
        const string Elsewhere = "https://other.example/compute/0a3f0f3e-8f4b-4d2a-8a77-0d9c9b8c7d6e";
        var network = (await _api.Send("POST", "/network/", "Category: network; scheme=\"http://schemas.ogf.org/occi/infrastructure#\"; class=\"kind\"")).Path;
        var made = await _api.Send("POST", "/agreement/", string.Join('\n',
            Agreement, $"Link: <{network}>; rel=\"http://schemas.ogf.org/occi/infrastructure#network\"; category=\"{Scheme}agreement_link\"",
            $"Link: <{Elsewhere}>; rel=\"http://schemas.ogf.org/occi/infrastructure#compute\"; category=\"{Scheme}agreement_link\""));
        Assert.Equal(201, made.Status);
        var links = (await _api.Send("GET", made.Path, accept: Json)).Json.GetProperty("links").EnumerateArray().ToArray();
        Assert.Equal([network, Elsewhere], links.Select(l => l.GetProperty("target").GetProperty("location").GetString()));
        Assert.All(links, l => Assert.Equal(made.Path, l.GetProperty("source").GetProperty("location").GetString()));
        Assert.Equal(200, (await _api.Send("DELETE", made.Path)).Status);
        foreach (var link in links)
            Assert.Equal(404, (await _api.Send("GET", "/agreement_link/" + link.GetProperty("id").GetString()!["urn:uuid:".Length..])).Status);
    }

    private Task<Answer> Act(string path, string action) => _api.Send("POST", $"{path}?action={action}", $"Category: {action}; scheme=\"{Scheme}\"; class=\"action\"");

    private async Task<JsonElement> Attributes(string path) => (await _api.Send("GET", path, accept: Json)).Json.GetProperty("attributes");
}
