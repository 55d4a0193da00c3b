using Controller.Api.Admin;
using Controller.Api.Cluster;
using Controller.Api.Http;
using Controller.Api.Identity;
using Controller.Contracts;
using Microsoft.Extensions.Options;
using Occi.Infrastructure;

namespace Controller.Api.Consoles;

/// <summary>
/// Single-use tickets: a browser's WebSocket cannot send a token, and a token in a URL would be in logs for ever. Of a ticket only the hash is kept; any API
/// process redeems it.
/// </summary>
internal sealed class ConsoleTickets(IGrainFactory grains, IOptions<ConsoleOptions> options)
{
    public sealed record Wanted(string? Type);

    public sealed record Made(string Ticket, DateTimeOffset Expires, string Type, string Path);

    /// <summary>The consoles by their names in URLs.</summary>
    public static ConsoleKind? KindOf(string? type) => type switch
    {
        "serial" => ConsoleKind.Serial,
        "vnc" => ConsoleKind.Vnc,
        _ => null,
    };

    public async Task<IResult> Create(Guid compute, Wanted wanted, HttpContext http)
    {
        var caller = http.Caller();
        if (KindOf(wanted.Type) is not { } kind)
            return Problems.Invalid($"type must be serial or vnc, found '{wanted.Type}'.").ToResult();
        var machine = MachineOf(grains, compute);
        if (await Twice.Try(() => machine.View(caller)) is null)
            return Problems.NotFound($"/compute/{compute}").ToResult();
        if (Access.Needs(caller, Role.Member) is { } forbidden)
            return forbidden.ToResult();
        if (await Twice.Try(() => machine.Placement(caller)) is null)
            return Problems.Conflict("The machine is on no host, so there is no console.").ToResult();

        var secret = Credentials.NewSecret();
        var expires = await Grain.Mint(Credentials.HashOf(secret), new(compute, kind, caller), options.Value.TicketLifetime);
        http.Response.Headers.CacheControl = "no-store";
        return Results.Json(new Made(secret, expires, wanted.Type!, $"/console/{compute}/{wanted.Type}?ticket={secret}"), statusCode: StatusCodes.Status201Created);
    }

    /// <summary>Uses it up, whatever becomes of the console then. Not tried twice: the first attempt may have been the one that counts.</summary>
    public Task<ConsoleTicket?> Redeem(string secret) => Grain.Redeem(Credentials.HashOf(secret));

    public static IComputeGrain MachineOf(IGrainFactory grains, Guid compute) =>
        grains.At<IComputeGrain>(GrainId.Create(Compute.Kind.Id.Term, GrainKeys.Of(Compute.Kind.Id.Term, compute)));

    private IConsoleTicketGrain Grain => grains.GetGrain<IConsoleTicketGrain>("consoleticket/all");
}
