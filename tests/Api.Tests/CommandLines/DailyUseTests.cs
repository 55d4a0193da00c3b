using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Controller.Api.Tests.Cloud;
using Controller.Testing;

namespace Controller.Api.Tests.CommandLines;

/// <summary>What people do with the command line all day, with the program itself.</summary>
[Collection("cloud")]
public sealed class DailyUseTests : IDisposable
{
    private readonly ApiFixture _api;
    private readonly CommandLine _line = new();

    public DailyUseTests(ApiFixture api)
    {
        _api = api;
        _line["CONTROLLER_ENDPOINT"] = api.Url.ToString();
        _line["CONTROLLER_TOKEN"] = api.SecretOf("member");
    }

    public void Dispose() => _line.Dispose();

    [Fact]
    public async Task A_list_is_a_table_a_wider_one_or_the_same_data_as_json_and_yaml()
    {
        var project = await As("shown");
        await _line.Run("", "occi", "create", "network", "--title", "no: 1", "--wait");
        var table = (await _line.Run("", "occi", "list", "network")).Output;
        var wide = (await _line.Run("", "occi", "list", "network", "-o", "wide")).Output;
        Assert.StartsWith("ID ", table, StringComparison.Ordinal);
        Assert.DoesNotContain("MESSAGE", table, StringComparison.Ordinal);
        Assert.Matches("^ID +TITLE +STATE +ADDRESS +MESSAGE +MIXINS +LINKS +SUMMARY\n", wide);
        var json = JsonDocument.Parse((await _line.Run("", "occi", "list", "network", "-o", "json")).Output).RootElement;
        var id = json.GetProperty("resources")[0].GetProperty("id").GetString()!;
        var yaml = (await _line.Run("", "occi", "list", "network", "-o", "yaml")).Output;
        Assert.StartsWith("resources:\n- ", yaml, StringComparison.Ordinal);
        Assert.Contains($"id: {(id.StartsWith("urn", StringComparison.Ordinal) ? id : $"\"{id}\"")}\n", yaml, StringComparison.Ordinal);
        Assert.Contains("title: \"no: 1\"\n", yaml, StringComparison.Ordinal);
        Assert.Contains($"name: {project}\n", (await _line.Run("", "whoami", "-o", "yaml")).Output, StringComparison.Ordinal);
        Assert.Matches($@"\*\s+{project}\s+member", (await _line.Run("", "whoami")).Output);
        Assert.Equal("[]\n", (await _line.Run("", "op", "list", "-o", "json")).Output);
        Assert.Equal("[]\n", (await _line.Run("", "op", "list", "-o", "yaml")).Output);
    }

    /// <summary>It asks by itself only after an hour: an event told it.</summary>
    [Fact]
    public async Task Who_watches_sees_what_comes_and_goes_as_it_happens()
    {
        var project = await As("watched");
        using var watch = _line.Start("occi", "list", "network", "--watch", "--interval", "3600");
        Assert.StartsWith("ID ", await watch.StandardOutput.ReadLineAsync(), StringComparison.Ordinal);
        // The stream may be opened a moment after the first look: what comes from then on is told.
        var made = new List<string>();
        var line = Row();
        await Eventually.Is("it tells of a network", async () =>
        {
            if (!line.IsCompleted)
                made.Add((await _api.Send("POST", "/network/", "Category: network; scheme=\"http://schemas.ogf.org/occi/infrastructure#\"; class=\"kind\"", project)).Path);
            return line.IsCompleted;
        });
        Assert.Contains(made, path => line.Result!.StartsWith(path["/network/".Length..], StringComparison.Ordinal));
        foreach (var path in made)
            await _api.Send("DELETE", path, caller: project);
        string? gone;
        do
            gone = await watch.StandardOutput.ReadLineAsync();
        while (gone is not null && !gone.StartsWith("gone: ", StringComparison.Ordinal));
        Assert.NotNull(gone);
        Assert.Equal(130, await _line.Interrupt(watch));
        Assert.Equal("", await watch.StandardError.ReadToEndAsync());

        // A row, and not a heading of other columns.
        async Task<string?> Row()
        {
            string? row;
            do
                row = await watch.StandardOutput.ReadLineAsync();
            while (row?.StartsWith("ID ", StringComparison.Ordinal) == true);
            return row;
        }
    }

    /// <summary>The same, where the API that it heard it from has gone and come back.</summary>
    [Fact]
    public async Task Who_watches_hears_of_it_again_after_the_stream_has_broken()
    {
        var project = await As("interrupted");
        var url = new Uri($"http://127.0.0.1:{Free.Ports(1)[0]}");
        _line["CONTROLLER_ENDPOINT"] = url.ToString();
        await using var first = _api.ApiProcess(url);
        await IsReady();
        using var watch = _line.Start("occi", "list", "network", "--watch", "--interval", "3600");
        Assert.StartsWith("ID ", await watch.StandardOutput.ReadLineAsync(), StringComparison.Ordinal);
        // It listens: what it is told of shows that.
        await Make("before");
        await Until(watch, "before");
        await first.DisposeAsync();
        await Make("meanwhile");
        await using var second = _api.ApiProcess(url);
        await Until(watch, "meanwhile");
        await Make("after");
        await Until(watch, "after");
        Assert.Equal(130, await _line.Interrupt(watch));

        async Task Make(string title) =>
            Assert.Equal(201, (await _api.Send("POST", "/network/", $"Category: network; scheme=\"http://schemas.ogf.org/occi/infrastructure#\"; class=\"kind\"\nX-OCCI-Attribute: occi.core.title=\"{title}\"", project)).Status);

        Task IsReady() => Eventually.Is("the API is ready", async () =>
        {
            try { return await RunningApi.IsReady(url); }
            catch (HttpRequestException e) when (e.InnerException is System.Net.Sockets.SocketException) { return false; }
        });
    }

    [Fact]
    public async Task Who_waits_in_vain_is_told_why_and_what_to_do()
    {
        await As("waiting");
        await _line.Run("", "occi", "create", "network", "--title", "lan", "--wait");
        await _line.Run("", "occi", "create", "compute", "--title", "off", "--wait", "--timeout", "60");
        await _line.Run("", "occi", "action", "off", "stop", "--wait");
        var source = (await _line.Run("", "occi", "show", "off", "-o", "json")).Output;
        var off = "/compute/" + JsonDocument.Parse(source).RootElement.GetProperty("id").GetString()!.Split(':')[^1];
        var lan = "/network/" + JsonDocument.Parse((await _line.Run("", "occi", "show", "lan", "-o", "json")).Output).RootElement.GetProperty("id").GetString()!.Split(':')[^1];
        var late = await _line.Try("", "occi", "create", "networkinterface", "-a", $"source={off}", "-a", $"target={lan}", "--wait", "--timeout", "1");
        Assert.Equal(1, late.ExitCode);
        Assert.Matches("controller: /networkinterface/[0-9a-f-]+: inactive.* → active: not reached within 1 s\n  next: \"controller explain networkinterface [0-9a-f-]+\"", late.Errors);
        var refused = await _line.Try("", "occi", "action", "off", "suspend", "--wait");
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("(409 Conflict)", refused.Errors, StringComparison.Ordinal);
    }

    /// <summary>The process becomes ssh: the same pid, its exit code.</summary>
    [Fact]
    public async Task Ssh_finds_the_address_and_hands_over()
    {
        await As("reached");
        var path = Path.Combine(_line.Home, "ssh");
        await File.WriteAllTextAsync(path, "#!/bin/sh\necho \"$$ $*\"\ngrep SigIgn /proc/$$/status\nexit 42\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        _line["PATH"] = $"{_line.Home}:{Environment.GetEnvironmentVariable("PATH")}";
        await _line.Run("", "occi", "create", "network", "--title", "lan", "-m", "ipnetwork", "-a", "allocation=dynamic", "--wait");
        await _line.Run("", "occi", "create", "compute", "--title", "web", "--link", "lan", "--wait");
        await _line.Run("", "occi", "create", "compute", "--title", "alone", "--wait");
        var address = JsonDocument.Parse((await _line.Run("", "occi", "list", "networkinterface", "-o", "json")).Output).RootElement
            .GetProperty("links")[0].GetProperty("attributes").GetProperty("occi.networkinterface.address").GetString();

        using var ssh = _line.Start("ssh", "web", "--user", "root", "--", "-v", "uname", "-a");
        var lines = (await ssh.StandardOutput.ReadToEndAsync()).Split('\n');
        await _line.Ended(ssh);
        Assert.Equal($"{ssh.Id} -l root -v -- {address} uname -a", lines[0]);
        var ignored = Convert.ToUInt64(lines[1].Split('\t')[1], 16);
        Assert.Equal(0UL, ignored & (1UL << 12));   // SIGPIPE, 13
        Assert.Equal(42, ssh.ExitCode);
        Assert.Equal($"ssh -- {address}\n", (await _line.Run("", "ssh", "web", "--print")).Output);

        var alone = await _line.Try("", "ssh", "alone");
        Assert.Equal(1, alone.ExitCode);
        Assert.Contains("alone has no address that the cloud knows: it is in no network\n  next: put it into a network: controller occi link alone NETWORK", alone.Errors, StringComparison.Ordinal);
        var nobody = await _line.Try("", "ssh", "nobody");
        Assert.Contains("there is no entity with the path, id or title \"nobody\"\n  next: ", nobody.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Logs_are_what_a_machine_said_and_what_happened_to_it()
    {
        await As("logged");
        await _line.Run("", "occi", "create", "compute", "--title", "talks", "--wait");
        var whole = (await _line.Run("", "logs", "talks")).Output;
        Assert.NotEqual("", whole);
        var last = whole.TrimEnd('\n').Split('\n')[^1];
        Assert.Equal(last, (await _line.Run("", "logs", "talks", "--tail", "1")).Output.TrimEnd('\n'));
        var happened = (await _line.Run("", "logs", "talks", "--timeline")).Output;
        Assert.Matches(@"(?m)^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}Z  created: inactive talks$", happened);
        Assert.Contains("POST /compute/ (logged): 201 ok", happened, StringComparison.Ordinal);
        Assert.Contains("state: inactive -> active talks", happened, StringComparison.Ordinal);

        using var follow = _line.Start("logs", "talks", "--timeline", "--follow");
        await Task.WhenAll(_line.Run("", "occi", "action", "talks", "stop", "--wait"), Until(follow, "active -> inactive"));
        Assert.Equal(130, await _line.Interrupt(follow));
    }

    [Fact]
    public async Task Who_is_refused_is_told_the_next_step()
    {
        _line["CONTROLLER_TOKEN"] = "garbage";
        var stranger = await _line.Try("", "occi", "list", "compute");
        Assert.Equal((1, true), (stranger.ExitCode, stranger.Errors.Contains("The token is unknown. (401 Unauthorized)\n  next: sign in with \"controller login URL\"", StringComparison.Ordinal)));
        _line["CONTROLLER_TOKEN"] = _api.SecretOf("reader");
        var reader = await _line.Try("", "occi", "create", "network");
        Assert.Contains("(403 Forbidden)\n  next: \"controller whoami\"", reader.Errors, StringComparison.Ordinal);
        _line["CONTROLLER_ENDPOINT"] = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{Free.Ports(1)[0]}");
        Assert.Contains("next: \"controller status\"", (await _line.Try("", "whoami")).Errors, StringComparison.Ordinal);
    }

    /// <summary>From now on as a member of a project of its own.</summary>
    private async Task<string> As(string project)
    {
        await _api.AddProject(project);
        _line["CONTROLLER_TOKEN"] = _api.SecretOf(project);
        return project;
    }

    private static async Task Until(Process process, string words)
    {
        string? line;
        do
            line = await process.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromMinutes(2));
        while (line is not null && !line.Contains(words, StringComparison.Ordinal));
        Assert.NotNull(line);
    }
}
