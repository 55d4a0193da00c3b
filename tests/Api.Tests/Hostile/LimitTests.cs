using System.Globalization;

namespace Controller.Api.Tests.Hostile;

/// <summary>What is too much, too slow or in disguise, one by one, as it is sent byte for byte.</summary>
[Collection("hostile")]
public sealed class LimitTests(HostileCloud cloud)
{
    private const string Kinds = "http://schemas.ogf.org/occi/infrastructure#";
    private const string Json = "application/occi+json";
    private const string NetworkJson = $"\"kind\":\"{Kinds}network\"";

    private async Task<RawResponse?> Send(string method, string target, string contentType, string body, params (string Name, string Value)[] headers) =>
        await cloud.Raw((new RawRequest(method, target, RawRequest.Utf8(body))
        {
            Headers = [("Host", "cloud.example"), ("Authorization", "Bearer " + cloud.Member), ("Connection", "close"), ("Content-Type", contentType), .. headers],
        }).ToString());

    private static string Many(int times, string text) => string.Join(',', Enumerable.Repeat(text, times));

    public static TheoryData<int, string, string> Bodies => new()
    {
        { 413, Json, "{\"resources\":[" + Many(1001, "{}") + "]}" },
        { 413, Json, "{" + NetworkJson + ",\"links\":[" + Many(101, "{\"target\":\"/storage/x\"}") + "]}" },
        { 413, Json, "{" + NetworkJson + ",\"mixins\":[" + Many(101, "\"http://x/y#z\"") + "]}" },
        { 413, Json, "{" + NetworkJson + ",\"title\":\"" + new string('t', (1024 * 1024) + 1) + "\"}" },
        { 413, Json, "{" + NetworkJson + ",\"x\":[" + Many(100_000, "1") + "]}" },
        { 413, "text/plain", string.Concat(Enumerable.Repeat($"Category: network; scheme=\"{Kinds}\"\n", 102)) },
        { 413, "text/plain", string.Concat(Enumerable.Range(0, 1001).Select(i => string.Create(CultureInfo.InvariantCulture, $"X-OCCI-Attribute: a.{i}=1\n"))) },
        { 400, Json, new string('[', 100_000) },
        { 400, Json, "{" + NetworkJson + ",\"title\":\"a\\u0000b\"}" },
        { 400, Json, "{" + NetworkJson + ",\"title\":\"\\ud800\"}" },
        { 400, Json, "{" + NetworkJson + ",\"title\":\"a\",\"title\":\"b\"}" },
        { 400, Json, "{" + NetworkJson + ",\"attributes\":{\"occi.network.vlan\":1e999999999}}" },
        { 406, "application/xml", "<a/>" },
    };

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task A_body_is_refused_with_its_reason(int status, string contentType, string body)
    {
        var answer = await Send("POST", "/network/", contentType, body);
        Assert.True(answer is { IsOurs: true } && answer.Status == status && answer.Body.Length is > 0 and < 5000, $"{answer?.Status} {answer?.Body}");
    }

    [Theory]
    [InlineData("compute", "occi.compute.cores", "3000000000")]
    [InlineData("compute", "occi.compute.share", "3000000000")]
    [InlineData("compute", "occi.compute.memory", "79228162514264337593543950335")]
    [InlineData("storage", "occi.storage.size", "79228162514264337593543950335")]
    [InlineData("storage", "occi.storage.size", "9007199254740992")]
    public async Task A_size_that_no_machine_has_is_400(string term, string attribute, string number)
    {
        var answer = await Send("POST", $"/{term}/", Json, $"{{\"kind\":\"{Kinds}{term}\",\"attributes\":{{\"{attribute}\":{number}}}}}");
        Assert.True(answer is { Status: 400, Body: { } why } && why.StartsWith(attribute, StringComparison.Ordinal), $"{answer?.Status} {answer?.Body}");
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br, identity")]
    public async Task A_compressed_body_is_not_taken_for_text(string coding)
    {
        var answer = await Send("POST", "/network/", "text/plain", $"Category: network; scheme=\"{Kinds}\"", ("Content-Encoding", coding));
        Assert.True(answer is { Status: 406, Body: { } why } && why.Contains(coding, StringComparison.Ordinal), $"{answer?.Status} {answer?.Body}");
    }

    [Fact]
    public async Task A_mark_of_utf_8_is_stepped_over_and_one_of_utf_16_is_no_utf_8()
    {
        var body = $"Category: network; scheme=\"{Kinds}\"";
        Assert.Equal(201, (await Send("POST", "/network/", "text/plain", "\ufeff" + body))?.Status);
        var wide = new RawRequest("POST", "/network/", "\u00ff\u00fe" + string.Concat(body.Select(c => c + "\0")))
        {
            Headers = [("Host", "x"), ("Authorization", "Bearer " + cloud.Member), ("Connection", "close")],
        };
        Assert.True(await cloud.Raw(wide.ToString()) is { Status: 400, Body: "The body is not UTF-8." });
    }

    [Fact]
    public async Task A_line_break_in_a_value_never_begins_a_header()
    {
        var made = await Send("POST", "/network/", Json, $"{{{NetworkJson},\"title\":\"a\\r\\nX-Injected: yes\"}}");
        Assert.Equal(201, made?.Status);
        var path = new Uri(made!["Location"]!).AbsolutePath;
        foreach (var accept in (string[])["text/occi", "text/plain"])
        {
            var shown = await Send("GET", path, "text/plain", "", ("Accept", accept));
            Assert.True(shown is { Status: 406 } && shown["X-Injected"] is null, $"{accept}: {shown?.Status} {shown?.Body}");
        }
        Assert.Equal("a\r\nX-Injected: yes", (await cloud.Ask("GET", path, accept: Json)).Json.GetProperty("title").GetString());
    }

    [Theory]
    [InlineData("GET", "/nothing%0d%0aX-Injected:%20yes")]
    [InlineData("POST", "/compute/?action=%0d%0aX-Injected:%20yes")]
    public async Task A_line_break_in_a_url_never_begins_a_line_of_an_error(string method, string target)
    {
        foreach (var accept in (string[])["text/occi", "text/plain"])
        {
            var answer = await Send(method, target, "text/plain", "", ("Accept", accept));
            Assert.True(answer is { IsOurs: true, Status: >= 400 and < 500 } && answer["X-Injected"] is null, $"{answer?.Status} {answer?.Body}");
            Assert.DoesNotContain('\n', answer!.Body);   // it is there
        }
    }

    [Fact]
    public async Task An_absolute_url_names_the_public_host_whatever_the_request_names()
    {
        var made = await cloud.Raw($"POST http://evil.example/network/ HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: evil.example\r\nAuthorization: Bearer {cloud.Member}\r\nContent-Type: text/occi\r\n"
            + $"Category: network; scheme=\"{Kinds}\"\r\nConnection: close\r\n\r\n");
        Assert.Equal(201, made?.Status);
        Assert.StartsWith(HostileCloud.PublicUrl + "/network/", made!["Location"], StringComparison.Ordinal);
        Assert.DoesNotContain("evil", made.Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Content-Length: 5\r\nContent-Length: 6\r\n", "12345")]
    [InlineData("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n")]
    [InlineData("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n", "fffffffff\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n", "zz\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n", "0\r\nHost: evi\u007f%\u00b7?\u00f9\u00af\u00ae=l.example\r\n\r\n")]
    public async Task What_may_end_in_two_places_is_refused_and_the_connection_closed(string framing, string body)
    {
        await using var connection = await RawConnection.Open(cloud.Url);
        await connection.Send($"POST /network/ HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {cloud.Member}\r\n{framing}\r\n{body}");
        var answers = await connection.ReadToEnd(_ => false, RawConnection.Patience);
        Assert.True(answers is [{ Status: 400 or 501 }], RawRequest.Escape(connection.Received));
    }

    [Fact]
    public async Task An_operator_s_body_that_breaks_off_is_answered_too()
    {
        foreach (var chunk in (string[])["zz\r\n", "1\r\nab\r\n0\r\n\r\n", "fffffffff\r\n"])
        {
            var answer = await cloud.Raw($"POST /admin/projects HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {cloud.Admin}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n"
                + $"Connection: close\r\n\r\n{chunk}");
            Assert.True(answer is { IsOurs: true, Status: 400, Body.Length: > 0 } && answer["Content-Type"] == "text/plain", $"{answer?.Status} {answer?.Body}");
        }
    }

    // The server's own clock ends it; the test only waits for that.
    [Theory]
    [InlineData("POST /network/ HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {0}\r\nContent-Length: 1000\r\n\r\nCategory: ")]
    [InlineData("POST /network/ HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {0}\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab")]
    [InlineData("GET /network/ HTTP/1.1\r\nHost: x\r\nX-Slow: ")]
    [InlineData("GET")]
    public async Task Who_sends_half_a_request_and_waits_is_cut_off(string half)
    {
        await using var connection = await RawConnection.Open(cloud.Url);
        await connection.Send(half.Replace("{0}", cloud.Member, StringComparison.Ordinal));
        var answers = await connection.ReadToEnd(_ => false, RawConnection.Patience);
        Assert.True(answers is [] or [{ Status: 400 or 408 }], RawRequest.Escape(connection.Received));
    }

    [Fact]
    public async Task Who_hangs_up_in_mid_request_leaves_no_trace_in_the_log()
    {
        var errors = cloud.Errors.Length;
        for (var i = 0; i < 20; i++)
        {
            await using var connection = await RawConnection.Open(cloud.Url);
            await connection.Send($"POST /network/ HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {cloud.Member}\r\nContent-Length: 1000\r\n\r\nCategory: ");
            if (i % 2 == 0)
                connection.HalfClose();
        }
        Assert.Equal(200, (await cloud.Ask("GET", "/network/")).Status);
        Assert.Equal(errors, cloud.Errors.Length);
    }

    [Fact]
    public async Task Many_entities_can_t_be_named_at_once()
    {
        var ids = string.Join('\n', Enumerable.Range(0, 1001).Select(_ => $"/network/{Guid.NewGuid()}"));
        Assert.Equal(413, (await Send("POST", "/mixin/ipnetwork/", "text/uri-list", ids))?.Status);
        Assert.Equal(413, (await Send("DELETE", "/network/", "text/uri-list", ids))?.Status);
        Assert.Equal(413, (await Send("GET", "/network/", "text/occi", "", ("Category", Many(101, $"ipnetwork; scheme=\"{Kinds.TrimEnd('#')}/network#\""))))?.Status);
    }
}
