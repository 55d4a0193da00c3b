using static Controller.Conformance.Certainty;
using static Controller.Conformance.Level;
using static Controller.Conformance.Standard;

namespace Controller.Conformance.Checks;

/// <summary>L. Actions on collections.</summary>
internal static class ActionsOnCollections
{
    private const string State = "occi.compute.state";
    private const string Start = ComputeAction + "start";

    [Row("C-169", Must, C, "POST <kind>?action=stop on a collection whose members all qualify", "200, every member stopped")]
    public static async Task Every_member_is_stopped(Session s)
    {
        string[] all = [await s.ComputeThatIs("active"), await s.ComputeThatIs("active")];
        var location = s.Model.LocationOf(Compute);
        await s.MayEmpty(location);
        Expect.Status(await s.Act(location, ComputeAction + "stop", Compose.Text("method", "poweroff")), 200);
        foreach (var compute in all)
            await s.Becomes(compute, State, "inactive");
    }

    [Row("C-170", Must, C, "an action on a collection where one member lacks the defining kind or mixin", "refused, no member changed")]
    public static async Task One_member_does_not_know_the_action(Session s)
    {
        var (compute, network) = (await s.ComputeThatIs("inactive"), await s.MakeNetwork());
        var (_, location) = await s.MakeTag();
        Expect.Status(await s.Me.Post(location, Compose.Lines(Compose.Location(s.Url(compute)), Compose.Location(s.Url(network)))), 200);
        await s.NoEffect(() => s.Act(location, Start), [400, 403, 404, 405, 409, 501], compute, network);
    }

    [Row("C-171", Must, C11, "an action on a mixin's collection that this mixin does not define", "400")]
    public static async Task The_mixin_does_not_define_the_action(Session s)
    {
        var compute = await s.ComputeThatIs("inactive");
        var (_, location) = await s.MakeTag();
        Expect.Status(await s.Me.Post(location, Compose.Location(s.Url(compute))), 200);
        await s.NoEffect(() => s.Act(location, Start), [400], compute);
    }
}
