using Controller.Conformance.Http;
using static Controller.Conformance.Certainty;
using static Controller.Conformance.Level;
using static Controller.Conformance.Standard;

namespace Controller.Conformance.Checks;

/// <summary>R. Text rendering: what is read.</summary>
internal static class TextRequests
{
    private const string Difficult = """a "b" \ c; d, e""";

    [Row("C-232", Must, C, "repeated header lines, and one comma list", "the same result")]
    public static async Task Lines_and_lists_are_the_same(Session s)
    {
        string[] attributes = ["occi.core.title=\"one, or\"", "occi.core.summary=\"two\"", "occi.network.label=\"three\""];
        string[] head = ["Content-Type: text/occi", "Accept: text/occi", Compose.Kind(Network)];
        var location = s.Model.LocationOf(Network);
        foreach (var lines in new[] { [.. attributes.Select(a => "X-OCCI-Attribute: " + a)], new[] { "X-OCCI-Attribute: " + string.Join(", ", attributes) } })
            await IsNetwork(s, s.Made(await s.Me.SendLines("POST", location, [.. head, .. lines])), "one, or", "two", "three");
    }

    [Row("C-234", Must, C11, "a text/plain body with comma-separated values in a line", "read")]
    public static async Task Bodies_have_lists_too(Session s) => await IsNetwork(
        s, await s.MakeNetwork("X-OCCI-Attribute: occi.core.title=\"one, or\", occi.core.summary=\"two\",occi.network.label=\"three\""), "one, or", "two", "three");

    [Row("C-235", Must, C, """title a "b" \ c; d, e in text/plain and text/occi""", "identical after GET")]
    public static async Task Quoting_round_trips(Session s)
    {
        var fields = Compose.Lines(Compose.Kind(Network), Compose.Text("occi.core.title", Difficult));
        var location = s.Model.LocationOf(Network);
        foreach (var made in new[] { await s.Me.Post(location, fields), await s.Me.SendOcci("POST", location, fields) })
        {
            var network = s.Made(made);
            Expect.That((await s.Read(network)).GetProperty("title").GetString() == Difficult, $"the title {Difficult} in JSON");
            foreach (var type in new[] { TextPlain, TextOcci })
            {
                var shown = Expect.Status(await s.Me.Get(network, type), 200);
                Expect.That(LinkValue.Unquote(shown.Attributes["occi.core.title"]) == Difficult, $"the title {Difficult} in {type}, found {shown.Attributes["occi.core.title"]}", shown);
            }
        }
    }

    [Row("C-236", Int, C, """occi.compute.memory=3.6, occi.core.title="x \", occi.compute.memory=1.0" """, "memory 3.6")]
    public static async Task Quoted_commas_are_text(Session s)
    {
        var fields = Compose.Lines(Compose.Kind(Compute), """X-OCCI-Attribute: occi.compute.memory=3.6, occi.core.title="x \", occi.compute.memory=1.0" """.TrimEnd());
        var compute = s.Made(await s.Me.SendOcci("POST", s.Model.LocationOf(Compute), fields));
        var shown = await s.Read(compute);
        Expect.That(Session.AttributeOf(shown, "occi.compute.memory") == "3.6", $"memory 3.6, found {shown}");
        Expect.That(shown.GetProperty("title").GetString() == """x ", occi.compute.memory=1.0""", $"the whole title, found {shown}");
    }

    [Row("C-239", Int, R, "an unquoted string, a quoted number", "accepted")]
    public static async Task The_type_decides(Session s)
    {
        var compute = await s.Read(await s.MakeCompute("X-OCCI-Attribute: occi.compute.hostname=foobar", "X-OCCI-Attribute: occi.compute.cores=\"2\""));
        Expect.That(Session.AttributeOf(compute, "occi.compute.hostname") == "foobar", $"the host name foobar, found {compute}");
        Expect.That(compute.GetProperty("attributes").GetProperty("occi.compute.cores").GetInt32() == 2, $"2 cores, found {compute}");
    }

    [Row("C-240", Must, C, "unquoted and quoted class", "both accepted")]
    public static async Task The_class_is_quoted_or_not(Session s)
    {
        foreach (var quote in new[] { "", "\"" })
            await IsOne(s, $"Category: {Compose.Reference(Network)}; class={quote}kind{quote}");
    }

    [Row("C-241", Int, R, "Category without class, with a trailing ;, with parameters in another order; field names in lower case", "accepted")]
    public static async Task Categories_are_read_liberally(Session s)
    {
        var (scheme, reference) = (Network[..(Network.IndexOf('#', StringComparison.Ordinal) + 1)], Compose.Reference(Network));
        foreach (var category in new[] { reference, $"{reference};", $"{reference}; class=\"kind\";", $"network; class=\"kind\"; scheme=\"{scheme}\"", $"network;scheme=\"{scheme}\" ; class = kind" })
        {
            await IsOne(s, "Category: " + category);
            await IsOne(s, "category: " + category, "x-occi-attribute: occi.network.label=\"lower\"");
        }
    }

    [Row("C-242", Must, R, "LF and CRLF bodies", "both accepted")]
    public static async Task Lines_end_as_they_like(Session s)
    {
        foreach (var end in new[] { "\n", "\r\n" })
        {
            string[] lines = [Compose.Kind(Network), Compose.Text("occi.core.title", "one"), Compose.Text("occi.core.summary", "two"), Compose.Text("occi.network.label", "three")];
            foreach (var body in new[] { string.Join(end, lines), string.Join(end, lines) + end })
                await IsNetwork(s, s.Made(await s.Me.Post(s.Model.LocationOf(Network), body)), "one", "two", "three");
        }
    }

    private static async Task IsOne(Session s, params string[] lines)
    {
        var location = s.Model.LocationOf(Network);
        foreach (var made in new[] { await s.Me.Post(location, Compose.Lines(lines)), await s.Me.SendOcci("POST", location, Compose.Lines(lines)) })
        {
            var shown = await s.ReadText(s.Made(made));
            Expect.That(shown.Categories is [{ Id: Network, Class: "kind" }, ..], $"a network for {string.Join(" and ", lines)}", shown);
        }
    }

    private static async Task IsNetwork(Session s, string path, string title, string summary, string label)
    {
        var found = await s.Read(path);
        Expect.That(
            found.GetProperty("title").GetString() == title && found.GetProperty("summary").GetString() == summary && Session.AttributeOf(found, "occi.network.label") == label,
            $"the title '{title}', the summary '{summary}' and the label '{label}', found {found}");
    }
}
