using Controller.Api.Tests.Cloud;
using Controller.Conformance;

namespace Controller.Api.Tests;

/// <summary>A cloud for the conformance suite alone: it empties collections.</summary>
public sealed class ConformanceFixture : IAsyncLifetime
{
    private readonly ApiFixture _api = new()
    {
        Model = new Dictionary<string, string> { ["platform.json"] = ExtendedCloud.Shipped("platform"), ["sla.json"] = ExtendedCloud.Shipped("sla") },
    };
    private Runner? _runner;

    public Runner Runner => _runner ?? throw new InvalidOperationException("The fixture was not started.");

    public async Task InitializeAsync()
    {
        await _api.InitializeAsync();
        Assert.Equal(200, (await _api.Send("PUT", "/admin/images/tiny?title=Tiny&format=raw", "bytes", "admin", contentType: "application/octet-stream")).Status);
        _runner = new(_api.Url, _api.SecretOf("member"), _api.SecretOf("stranger"), new() { TlsEndpoint = _api.TlsUrl }, TimeProvider.System);
    }

    public Task DisposeAsync()
    {
        _runner?.Dispose();
        return _api.DisposeAsync();
    }
}

/// <summary>Each row of the conformance list, against the API as it is in production.</summary>
public sealed class ConformanceTests(ConformanceFixture cloud) : IClassFixture<ConformanceFixture>
{
    /// <summary>Rows whose condition a black box can't bring about; what they say is tested elsewhere.</summary>
    private static readonly string[] Conditional = ["C-011", "C-306"];

    public static TheoryData<string> Ids { get; } = [.. Suite.Rows.Select(r => r.Id)];

    [Fact]
    public void Every_row_of_the_list_has_its_check() =>
        Assert.Equal(Enumerable.Range(1, 313).Select(n => $"C-{n:000}"), Suite.Rows.Select(r => r.Id));

    [Theory, MemberData(nameof(Ids))]
    public async Task Row(string id)
    {
        var result = await cloud.Runner.Run(Suite.Rows.Single(r => r.Id == id));
        Assert.True(
            result.Verdict == (Conditional.Contains(id) ? Verdict.NotApplicable : Verdict.Passed),
            $"{result.Row}: {result.Verdict}: {result.Why}");
    }
}
