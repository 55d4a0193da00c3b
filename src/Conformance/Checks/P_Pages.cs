using static Controller.Conformance.Certainty;
using static Controller.Conformance.Level;
using static Controller.Conformance.Standard;

namespace Controller.Conformance.Checks;

/// <summary>P. Paging.</summary>
internal static class Pages
{
    [Row("C-210", Should, C, "GET <kind>?page=1&number=2", "at most 2, the first page")]
    public static async Task The_first_page(Session s)
    {
        var location = await ThreeNetworks(s);
        var page = await s.List(location + "?page=1&number=2");
        Expect.That(page.Count == 2, $"two entities, found {page.Count}");
        Expect.That(page.SequenceEqual((await s.List(location)).Take(2)), $"the first two of {location}, found {string.Join(' ', page)}");
    }

    [Row("C-211", Must, U, "walk the pages", "every member exactly once, in a stable order")]
    public static async Task All_pages(Session s)
    {
        var location = await ThreeNetworks(s);
        var all = await s.List(location);
        foreach (var size in new[] { 1, 2 })
        {
            var walked = new List<string>();
            for (var page = 1; page <= (all.Count + size - 1) / size; page++)
                walked.AddRange(await s.List($"{location}?page={page}&number={size}"));
            Expect.That(walked.SequenceEqual(all), $"{string.Join(' ', all)} by pages of {size}, found {string.Join(' ', walked)}");
        }
    }

    [Row("C-212", Must, C, "a page beyond the end", "200 + empty collection")]
    public static async Task Beyond_the_end(Session s)
    {
        var location = await ThreeNetworks(s);
        Expect.That(await s.List(location + "?page=100000&number=2") is [], "nothing on page 100000");
        var json = Expect.Status(await s.Me.Get(location + "?page=100000&number=2", Json), 200).Json;
        Expect.That(json.EnumerateObject().All(p => p.Value.GetArrayLength() == 0), $"an empty collection, found {json}");
    }

    [Row("C-213", Must, C, "number above the provider's limit", "413")]
    public static async Task Larger_than_the_limit(Session s)
    {
        foreach (var number in new[] { "2147483647", "99999999999999999999" })
        {
            var response = Expect.Status(await s.Me.Get($"{s.Model.LocationOf(Network)}?page=1&number={number}"), 413, 200);
            if (response.Status == 200)
                throw new NotApplicableException("a page may be of any size here");
        }
    }

    [Row("C-214", Must, U, "?page=1 alone, number=0, page=x", "400")]
    public static async Task Bad_arguments(Session s)
    {
        foreach (var query in new[] { "page=1", "number=2", "page=1&number=0", "page=0&number=2", "page=x&number=2", "page=1&number=", "page=-1&number=2", "page=1.5&number=2" })
            Expect.Status(await s.Me.Get($"{s.Model.LocationOf(Network)}?{query}"), 400);
    }

    [Row("C-215", May, U, "?page=1;number=2", "accepted")]
    public static async Task Separated_by_semicolon(Session s)
    {
        var location = await ThreeNetworks(s);
        Expect.That((await s.List(location + "?page=2;number=2")).SequenceEqual(await s.List(location + "?page=2&number=2")), "the same page as with &");
        Expect.That((await s.List(location + "?page=1;number=2")).Count == 2, "two entities on the first page");
    }

    private static async Task<string> ThreeNetworks(Session s)
    {
        for (var n = 0; n < 3; n++)
            await s.MakeNetwork();
        return s.Model.LocationOf(Network);
    }
}
