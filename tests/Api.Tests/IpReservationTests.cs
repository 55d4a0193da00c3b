namespace Controller.Api.Tests;

/// <summary>Reserved addresses, as clients of the EGI cloud ask for them.</summary>
[Collection("cloud")]
public sealed class IpReservationTests(ApiFixture api)
{
    private const string Standard = "http://schemas.ogf.org/occi/infrastructure#", Own = "http://controller.local/occi/network#", Json = "application/occi+json";
    private const string Network = $"Category: network; scheme=\"{Standard}\"; class=\"kind\"\nCategory: ipnetwork; scheme=\"http://schemas.ogf.org/occi/infrastructure/network#\"; class=\"mixin\"";
    private const string Reservation = $"Category: ipreservation; scheme=\"{Standard}\"; class=\"kind\"";

    [Fact]
    public async Task A_compute_gets_a_reserved_address_by_a_networkinterface_to_it()
    {
        var outside = await api.Send(
            "POST", "/network/",
            $"{Network}\nCategory: bridged; scheme=\"{Own}\"; class=\"mixin\"\nCategory: floating; scheme=\"{Own}\"; class=\"mixin\"\n"
            + "X-OCCI-Attribute: local.controller.network.physical=\"public\", occi.network.address=\"203.0.113.0/28\"",
            caller: "admin");
        Assert.True(outside.Status == 201, outside.Body);
        Assert.Equal(400, (await api.Send("POST", "/ipreservation/", Reservation + $"\nX-OCCI-Attribute: local.controller.ipreservation.network=\"/network/{Guid.NewGuid()}\"")).Status);

        var reserved = await api.Send("POST", "/ipreservation/", Reservation);
        Assert.True(reserved.Status == 201, reserved.Body);
        Assert.Contains("occi.ipreservation.address=\"203.0.113.2\"", (await api.Send("GET", reserved.Path, accept: "text/plain")).Body, StringComparison.Ordinal);
        Assert.Contains("\"occi.ipreservation.used\":false", (await api.Send("GET", reserved.Path, accept: Json)).Body, StringComparison.Ordinal);
        Assert.Contains(reserved.Path, (await api.Send("GET", "/ipreservation/", accept: "text/uri-list")).Body, StringComparison.Ordinal);
        Assert.Equal(404, (await api.Send("GET", reserved.Path, caller: "stranger")).Status);

        var network = (await api.Send("POST", "/network/", Network)).Path;
        // The target tells the kind of link, which is that of NICs; and how rOCCI's clients say it.
        var made = await api.Send(
            "POST", "/compute/", $"Category: compute; scheme=\"{Standard}\"; class=\"kind\"\nLink: <{network}>; rel=\"{Standard}network\"\n"
            + $"Link: <{reserved.Path}>; rel=\"{Standard}ipreservation\"; category=\"{Standard}networkinterface\"");
        Assert.True(made.Status == 201, made.Body);
        await api.Becomes(made.Path, "occi.compute.state", "active");
        await Eventually(async () => (await api.Send("GET", reserved.Path, accept: Json)).Body.Contains("\"occi.ipreservation.used\":true", StringComparison.Ordinal));
        var shown = (await api.Send("GET", made.Path, accept: "text/plain")).Body;
        Assert.Contains("occi.networkinterface.address=\"203.0.113.2\"", shown, StringComparison.Ordinal);
        Assert.Contains($"Link: <{reserved.Path}>", shown, StringComparison.Ordinal);
        Assert.Equal(409, (await api.Send("DELETE", reserved.Path)).Status);

        Assert.Equal(200, (await api.Send("DELETE", made.Path)).Status);
        Assert.Equal(200, (await api.Send("DELETE", reserved.Path)).Status);
        await Eventually(async () => (await api.Send("DELETE", outside.Path, caller: "admin")).Status == 200);
        Assert.Equal(200, (await api.Send("DELETE", network)).Status);
    }

    private static Task Eventually(Func<Task<bool>> so) => Testing.Eventually.Is("it is so", so);
}
