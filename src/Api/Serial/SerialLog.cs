using System.Globalization;
using Controller.Api.Admin;
using Controller.Api.Cluster;
using Controller.Api.Http;
using Controller.Api.Identity;
using Controller.Api.Overload;
using Controller.Contracts;
using Occi.Infrastructure;

namespace Controller.Api.Serial;

/// <summary>A machine's serial log, read through its host; waits for more in steps, since a grain call has to end in seconds.</summary>
internal static class SerialLog
{
    private const int LargestPart = 1024 * 1024;
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Step = TimeSpan.FromSeconds(3);

    public static void MapConsole(this WebApplication app) => app.MapGet("/console/{compute:guid}", Read);

    private static async Task<IResult> Read(
        Guid compute, HttpContext http, IGrainFactory grains, TimeProvider time, CancellationToken cancel, long offset = 0, int wait = 20, int max = 65536)
    {
        if (offset < 0 || wait < 0 || max < 1)
            return Problems.BadQuery("offset and wait are whole numbers from 0, max from 1.").ToResult();
        var caller = http.Caller();
        var machine = grains.At<IComputeGrain>(GrainId.Create(Compute.Kind.Id.Term, GrainKeys.Of(Compute.Kind.Id.Term, compute)));
        if (await Twice.Try(() => machine.View(caller)) is null)
            return Problems.NotFound(http.Request.Path).ToResult();

        var until = time.GetUtcNow() + TimeSpan.FromSeconds(Math.Min(wait, LongestWait.TotalSeconds));
        var step = TimeSpan.Zero;
        while (true)
        {
            // Asked every time: it may be started elsewhere meanwhile.
            if (await Twice.Try(() => machine.Placement(caller)) is not { } placement)
                return Problems.Conflict("The machine is on no host, so there is no console.").ToResult();
            var host = grains.Host(placement.Host);
            var part = await Twice.Try(() => host.ReadConsole(compute, offset, Math.Min(max, LargestPart), step));
            if (part.Why is { } why)
                return Problems.Unavailable(why).ToResult();
            // Its host of before throws its log away, and that is no news of the machine.
            if (part.Size < offset && await Twice.Try(() => machine.Placement(caller)) is { } now && now != placement)
                continue;
            var left = until - time.GetUtcNow();
            if (part.Data.Length > 0 || left <= TimeSpan.Zero || cancel.IsCancellationRequested)
                return Answer(http, part);
            http.LeavePlace();   // only now: what is there already is read in its turn
            step = left < Step ? left : Step;
        }
    }

    private static IResult Answer(HttpContext http, ConsolePart part)
    {
        http.Response.Headers["X-Console-Offset"] = part.Offset.ToString(CultureInfo.InvariantCulture);
        http.Response.Headers["X-Console-Size"] = part.Size.ToString(CultureInfo.InvariantCulture);
        return Results.Bytes(part.Data, "application/octet-stream");
    }
}
