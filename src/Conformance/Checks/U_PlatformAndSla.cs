using static Controller.Conformance.Certainty;
using static Controller.Conformance.Level;
using static Controller.Conformance.Standard;

namespace Controller.Conformance.Checks;

/// <summary>U. Platform (GFD.227) and SLA (GFD.228).</summary>
internal static class PlatformAndSla
{
    private const string Platform = "http://schemas.ogf.org/occi/platform#";
    private const string Application = Platform + "application", Component = Platform + "component", ComponentLink = Platform + "componentlink";
    private const string AppState = "occi.app.state";
    private const string Sla = "http://schemas.ogf.org/occi/sla#";
    private const string Agreement = Sla + "agreement", AgreementLink = Sla + "agreement_link";
    private const string AgreementState = "occi.agreement.state";
    private static readonly string[] SlaActions = ["accept", "reject", "suspend", "resume", "terminate"];

    private static string Action(string kind, string term) => $"http://schemas.ogf.org/occi/platform/{kind}/action#{term}";

    private static Task<string> MakeApplication(Session s) => s.Make(
        Application, Compose.Text("occi.app.name", "conformance"), Compose.Text("occi.app.context", "http://example.com/app.git"));

    [Row("C-297", Must, C, "GET /-/, where Platform is offered", "application and component with their attributes and actions")]
    public static Task The_platform_kinds_are_there(Session s)
    {
        var (application, component) = (s.Model.Get(Application), s.Model.Get(Component));
        foreach (var name in new[] { "occi.app.name", "occi.app.context", "occi.app.url", AppState, "occi.app.state.message" })
            Expect.That(application.Attributes.ContainsKey(name), $"{name} of application");
        foreach (var name in new[] { "occi.component.state", "occi.component.state.message" })
            Expect.That(component.Attributes.ContainsKey(name), $"{name} of component");
        foreach (var (kind, term) in new[] { (application, "application"), (component, "component") })
            Expect.Same([Action(term, "start"), Action(term, "stop")], kind.Actions, $"the actions start and stop of {term}");
        Expect.That((application.Rel, component.Rel, s.Model.Find(ComponentLink)?.Rel) == (Resource, Resource, Link), "resources as parents of the two, link as that of componentlink");
        return Task.CompletedTask;
    }

    [Row("C-298", Must, C, "create an application", "active at first")]
    public static async Task An_application_begins_active(Session s)
    {
        s.Model.Get(Application);
        await s.Becomes(await MakeApplication(s), AppState, "active");
    }

    [Row("C-299", Must, C, "stop and start an application", "inactive, active")]
    public static async Task An_application_stops_and_starts(Session s)
    {
        s.Model.Get(Application);
        var path = await MakeApplication(s);
        Expect.Status(await s.Act(path, Action("application", "stop")), 200);
        await s.Becomes(path, AppState, "inactive");
        Expect.Status(await s.Act(path, Action("application", "start")), 200);
        await s.Becomes(path, AppState, "active");
    }

    [Row("C-300", Should, C, "GET /-/, where Platform is offered", "database and databaselink, applying to component and componentlink")]
    public static async Task The_database_mixins_are_there(Session s)
    {
        s.Model.Get(Application);
        var mixins = Expect.Status(await s.Me.Get(QueryInterface, Json), 200).Json.GetProperty("mixins").EnumerateArray()
            .ToDictionary(m => m.GetProperty("scheme").GetString() + m.GetProperty("term").GetString(), m => m);
        foreach (var (mixin, kind) in new[] { (Platform + "database", Component), (Platform + "databaselink", ComponentLink) })
        {
            Expect.That(mixins.TryGetValue(mixin, out var found), $"the mixin {mixin}");
            Expect.That(found.GetProperty("applies").EnumerateArray().Any(k => k.GetString() == kind), $"that it applies to {kind}, found {found}");
        }
    }

    [Row("C-301", Must, C, "GET /-/, where SLA is offered", "agreement, agreement_link; five actions under …/sla#")]
    public static Task The_sla_kinds_are_there(Session s)
    {
        var agreement = s.Model.Get(Agreement);
        Expect.That((agreement.Rel, s.Model.Find(AgreementLink)?.Rel) == (Resource, Link), "agreement as a resource, agreement_link as a link");
        Expect.Same(SlaActions.Select(a => Sla + a), agreement.Actions, "the five actions of agreement");
        foreach (var action in SlaActions)
            Expect.That(s.Model.Find(Sla + action)?.Class == "action", $"the action {Sla}{action}");
        return Task.CompletedTask;
    }

    private static async Task<string?> State(Session s, string path) => (await s.Attribute(path, AgreementState))?.ToLowerInvariant();

    private static async Task<string> MakeAgreement(Session s, params string[] lines)
    {
        s.Model.Get(Agreement);
        return await s.Make(Agreement, lines);
    }

    [Row("C-302", Must, C, "create an agreement", "Pending")]
    public static async Task An_agreement_begins_pending(Session s)
    {
        var state = await State(s, await MakeAgreement(s));
        Expect.That(state == "pending", $"Pending, found {state}");
    }

    [Row("C-303", Must, C, "accept, reject, suspend, resume, terminate", "as the table of states says; else 409")]
    public static async Task An_agreement_follows_its_table(Session s)
    {
        await Follows(s, ("suspend", 409, "pending"), ("accept", 200, "accepted"), ("reject", 409, "accepted"), ("suspend", 200, "suspended"), ("resume", 200, "accepted"), ("terminate", 200, "terminated"), ("accept", 409, "terminated"));
        await Follows(s, ("resume", 409, "pending"), ("reject", 200, "rejected"), ("accept", 409, "rejected"), ("terminate", 409, "rejected"));
        await Follows(s, ("accept", 200, "accepted"), ("suspend", 200, "suspended"), ("terminate", 200, "terminated"), ("resume", 409, "terminated"));
    }

    private static async Task Follows(Session s, params (string Action, int Status, string State)[] steps)
    {
        var path = await MakeAgreement(s);
        foreach (var (action, status, state) in steps)
        {
            Expect.Status(await s.Act(path, Sla + action), status);
            var found = await State(s, path);
            Expect.That(found == state, $"{state} after {action}, found {found}");
        }
    }

    [Row("C-304", Must, C, "effectiveFrom as an ISO 8601 duration", "400")]
    public static async Task A_duration_is_no_time(Session s)
    {
        s.Model.Get(Agreement);
        Expect.Status(await s.Me.Post(s.Model.LocationOf(Agreement), Compose.Lines(Compose.Kind(Agreement), Compose.Text("occi.agreement.effectiveFrom", "P1D"))), 400);
        await MakeAgreement(s, Compose.Text("occi.agreement.effectiveFrom", "2030-01-01T00:00:00Z"));
    }

    [Row("C-305", MustNot, C, "agreedAt or state set by a client", "unchanged")]
    public static async Task The_servers_own_attributes(Session s)
    {
        var path = await MakeAgreement(s);
        var before = (await State(s, path), await s.Attribute(path, "occi.agreement.agreedAt"));
        foreach (var line in new[] { Compose.Text(AgreementState, "Accepted"), Compose.Text("occi.agreement.agreedAt", "2030-01-01T00:00:00Z") })
            Expect.Status(await s.Me.Post(path, line), 403, 400, 200, 201);
        var after = (await State(s, path), await s.Attribute(path, "occi.agreement.agreedAt"));
        Expect.That(before == after, $"{before}, found {after}");
    }
}
