using static Controller.Conformance.Certainty;
using static Controller.Conformance.Level;
using static Controller.Conformance.Standard;

namespace Controller.Conformance.Checks;

/// <summary>L. Actions on one entity.</summary>
internal static class Actions
{
    private const string State = "occi.compute.state";
    private const string Start = ComputeAction + "start";
    private const string Stop = ComputeAction + "stop";
    private const string Suspend = ComputeAction + "suspend";

    [Row("C-157", Must, C, "POST <compute>?action=start with the invocation", "200")]
    public static async Task An_action_is_invoked(Session s) => Expect.Status(await s.Act(await s.ComputeThatIs("inactive"), Start), 200);

    [Row("C-158", Must, C, "the same in text/occi, text/plain, JSON", "200")]
    public static async Task An_action_is_invoked_in_every_rendering(Session s)
    {
        var compute = await s.ComputeThatIs("inactive");
        Expect.Status(await s.Me.SendOcci("POST", compute + "?action=start", Compose.Action(Start)), 200);
        await s.Becomes(compute, State, "active");
        Expect.Status(await s.Me.Post(compute + "?action=stop", Compose.Lines(Compose.Action(Stop), Compose.Text("method", "poweroff"))), 200);
        await s.Becomes(compute, State, "inactive");
        Expect.Status(await s.Me.Post(compute + "?action=start", $$"""{"action":"{{Start}}"}""", Json, Json), 200);
        await s.Becomes(compute, State, "active");
    }

    [Row("C-159", Int, R, "the invocation's Category without class", "200")]
    public static async Task The_class_may_be_missing(Session s)
    {
        var compute = await s.ComputeThatIs("inactive");
        Expect.Status(await s.Me.SendOcci("POST", compute + "?action=start", "Category: " + Compose.Reference(Start)), 200);
        await s.Becomes(compute, State, "active");
    }

    [Row("C-160", Must, C, "GET after the action", "the state reaches the action's target (or error)")]
    public static async Task The_state_follows(Session s)
    {
        var compute = await s.ComputeThatIs("inactive");
        foreach (var (action, state) in new[] { (Start, "active"), (Suspend, "suspended"), (Start, "active"), (Stop, "inactive") })
        {
            Expect.Status(await s.Act(compute, action), 200);
            if (await s.Becomes(compute, State, state, "error") == "error")
                return;
        }
    }

    [Row("C-161", Must, U, "query term ≠ body term", "400")]
    public static async Task Query_and_body_name_the_same_action(Session s)
    {
        var compute = await s.ComputeThatIs("active");
        await s.NoEffect(() => s.Me.Post(compute + "?action=suspend", Compose.Action(Stop)), [400], compute);
    }

    [Row("C-162", Must, C, "POST ?action=start with empty body", "400")]
    public static async Task The_invocation_must_be_there(Session s)
    {
        var compute = await s.ComputeThatIs("inactive");
        await s.NoEffect(() => s.Me.Post(compute + "?action=start", ""), [400], compute);
        await s.NoEffect(() => s.Me.Send("POST", compute + "?action=start", type: TextOcci), [400], compute);
        await s.NoEffect(() => s.Me.Post(compute + "?action=start", "{}", Json), [400], compute);
    }

    [Row("C-163", Must, C, "unknown action term", "400 (404)")]
    public static async Task Unknown_actions_are_refused(Session s)
    {
        var compute = await s.ComputeThatIs("inactive");
        await s.NoEffect(() => s.Act(compute, ComputeAction + "levitate"), [400, 404], compute);
        await s.NoEffect(() => s.Act(compute, "http://example.com/occi/nowhere/action#start"), [400, 404], compute);
    }

    [Row("C-164", Must, U, "an action that is impossible in this state (suspend on inactive)", "409 (400); state unchanged")]
    public static async Task Impossible_in_this_state(Session s)
    {
        var compute = await s.ComputeThatIs("inactive");
        await s.NoEffect(() => s.Act(compute, Suspend), [409, 400], compute);
    }

    [Row("C-165", Int, U, "an action whose target state is reached already (start on active), single and collection", "200, no effect (409, 400)")]
    public static async Task Already_there(Session s)
    {
        var compute = await s.ComputeThatIs("active");
        await s.NoEffect(() => s.Act(compute, Start), [200, 409, 400], compute);
        var location = s.Model.LocationOf(Compute);
        await s.MayEmpty(location);
        await s.NoEffect(() => s.Act(location, Start), [200, 409, 400], compute);
    }

    [Row("C-166", Must, C, "action of another kind (network up on a compute)", "400")]
    public static async Task Actions_of_other_kinds_are_refused(Session s)
    {
        var compute = await s.ComputeThatIs("inactive");
        await s.NoEffect(() => s.Act(compute, NetworkAction + "up"), [400], compute);
    }

    [Row("C-167", Must, C, "method outside its enum", "400")]
    public static async Task The_method_is_one_of_its_values(Session s)
    {
        var compute = await s.ComputeThatIs("active");
        await s.NoEffect(() => s.Act(compute, Stop, Compose.Text("method", "politely")), [400], compute);
    }

    [Row("C-168", Must, U, "unknown action attribute", "400")]
    public static async Task Unknown_action_attributes_are_refused(Session s)
    {
        var compute = await s.ComputeThatIs("inactive");
        await s.NoEffect(() => s.Act(compute, Start, Compose.Text("altitude", "high")), [400], compute);
    }

    [Row("C-172", Must, C, "?action=save", "200 and the rendering of a new OS template whose rel is os_tpl; listed in the query interface")]
    public static async Task Saving_makes_a_template(Session s)
    {
        var images = s.Model.TemplatesOf(OsTemplate);
        var compute = await s.ComputeThatIs("inactive", images is [var image, ..] ? [Compose.Mixin(image.Id)] : []);
        var answer = Expect.Status(await s.Act(compute, ComputeAction + "save", Compose.Text("name", "conformance-" + Guid.NewGuid().ToString("N")[..8])), 200);
        Expect.That(answer.Categories is [{ Class: "mixin", Rel: OsTemplate }], "one mixin whose rel is os_tpl", answer);
        var template = answer.Categories[0].Id;
        s.MadeTag(template);
        Expect.That(s.Model.Find(template) is null, "a new template", answer);
        Expect.That((await Model.Read(s.Me)).Find(template) is { Rel: OsTemplate }, $"{template} in the query interface", answer);
    }

    [Row("C-173", Must, U, "GET of an action's URL, …?action=x", "405 (400), and no effect")]
    public static async Task Reading_an_action_invokes_nothing(Session s)
    {
        var compute = await s.ComputeThatIs("inactive");
        await s.NoEffect(() => s.Me.Get(compute + "?action=start"), [405, 400], compute);
    }
}
