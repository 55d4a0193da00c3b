using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Serialization;
using Controller.Api.Audit;
using Controller.Api.Cluster;
using Controller.Api.Http;
using Controller.Api.Identity;
using Controller.Api.Inventory;
using Controller.Contracts;
using Microsoft.Extensions.Options;

namespace Controller.Api.Admin;

/// <summary>Join tokens: single use, for one agent, told once.</summary>
internal sealed partial class JoinTokens(IGrainFactory grains, Rows rows, IOptions<PkiOptions> pki, IOptions<HostOptions> hosts, TimeProvider time)
{
    private const string Prefix = "cjt1.";
    private const string KeyPrefix = "join/";
    private const double DefaultTtl = 3600;
    private const double LongestTtl = 30 * 24 * 3600;

    public sealed record New(double? TtlSeconds, bool? NeedsApproval);

    public sealed record Made(Guid Id, string Token, DateTimeOffset Expires, bool NeedsApproval);

    /// <summary>A join token in a list: <c>Id</c> is of the hash of its secret, which it cannot be used by; <c>State</c> is <c>open</c>, <c>used</c> (by <c>Host</c>), <c>expired</c> or <c>revoked</c>.</summary>
    public sealed record Shown(Guid Id, string State, string? CreatedBy, DateTimeOffset? Created, DateTimeOffset? Expires, Guid? Host, DateTimeOffset? Revoked, bool NeedsApproval);

    /// <summary>What an agent needs to know: where to dial, whom to trust, and the secret.</summary>
    internal sealed record Content(
        [property: JsonPropertyName("e")] IReadOnlyList<string> Endpoints,
        [property: JsonPropertyName("f")] string Fingerprint,
        [property: JsonPropertyName("s")] string Secret);

    [JsonSerializable(typeof(Content))]
    internal sealed partial class ContentJson : JsonSerializerContext;

    public async Task<IResult> Create(New? token, HttpContext http, CancellationToken cancel)
    {
        var ttl = token?.TtlSeconds ?? DefaultTtl;
        if (ttl is not (> 0 and <= LongestTtl))
            return Problems.Invalid($"ttlSeconds must be a positive number up to {LongestTtl}, found {ttl}.").ToResult();
        if (pki.Value.CaCertificate is not { } certificate)
            return Problems.NotImplemented("This API process knows no certificate authority: set Pki:CaCertificate.").ToResult();
        if (await rows.Gateways(cancel) is not { Count: > 0 } gateways)
            return Problems.Unavailable("No silo has an agent gateway at the moment.").ToResult();

        var secret = Credentials.NewSecret();
        var expires = time.GetUtcNow().AddSeconds(ttl);
        var hash = Credentials.HashOf(secret);
        var grain = grains.GetGrain<IJoinTokenGrain>(KeyPrefix + hash);
        var needsApproval = token?.NeedsApproval ?? !hosts.Value.AutoApprove;
        await Twice.Try(() => grain.CreateFor(http.Caller().Principal, expires, needsApproval ? HostAdmission.Pending : HostAdmission.Approved));
        http.Touch("join-token", IdOf(hash), null);
        return Results.Json(new Made(IdOf(hash), TextOf(new(gateways, FingerprintOf(certificate), secret)), expires, needsApproval), statusCode: StatusCodes.Status201Created);
    }

    public async Task<IResult> List(CancellationToken cancel) => Results.Json((await All(cancel)).Select(t => ShownOf(t.Key, t.View)));

    /// <summary>No host joins with it any more. One that did stays: removing that is another decision.</summary>
    public async Task<IResult> Revoke(Guid id, CancellationToken cancel)
    {
        var key = (await All(cancel)).FirstOrDefault(t => IdOf(t.Key[KeyPrefix.Length..]) == id).Key;
        return key is not null && await Twice.Try(grains.GetGrain<IJoinTokenGrain>(key).Revoke) ? Results.Json(new { }) : Problems.NotFound($"/admin/hosts/join-tokens/{id}").ToResult();
    }

    private Task<List<(string Key, JoinResult View)>> All(CancellationToken cancel) => rows.All("join", ContractsJson.Default.RowJoinResult, cancel);

    private Shown ShownOf(string key, JoinResult view)
    {
        var token = view.Token;
        var state = view.Host is not null ? "used" : token?.Revoked is not null ? "revoked" : token?.Expires <= time.GetUtcNow() ? "expired" : "open";
        return new(IdOf(key[KeyPrefix.Length..]), state, token?.CreatedBy, token?.Created, token?.Expires, view.Host, token?.Revoked, token?.NeedsApproval ?? false);
    }

    private static Guid IdOf(string hash) => Guid.ParseExact(hash[..32], "N");

    internal static string TextOf(Content content) =>
        Prefix + Credentials.Base64Url(JsonSerializer.SerializeToUtf8Bytes(content, ContentJson.Default.Content));

    private static string FingerprintOf(string pemFile)
    {
        using var certificate = X509CertificateLoader.LoadCertificateFromFile(pemFile);
        return Convert.ToHexStringLower(SHA256.HashData(certificate.RawData));
    }
}
