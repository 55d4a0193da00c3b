using System.Globalization;

namespace Occi.Tests;

/// <summary>Messages that hold too much of something: a reader with limits says so, and no reader spends more than in proportion to what was sent.</summary>
public sealed class TooMuch
{
    private const int Many = 100_000;
    private const string Compute = "Category: compute; scheme=\"http://schemas.ogf.org/occi/infrastructure#\"\n";
    private const string Link = "Link: </a>; rel=\"http://x/y#z\"\n";

    private static readonly Limits Few = new() { Entities = 3, Links = 3, Categories = 3, Attributes = 3, AttributeLength = 12, JsonValues = 20 };

    [Theory]
    [InlineData(Compute, 4, "at most 3 categories are taken, found more")]
    [InlineData(Link, 4, "at most 3 links are taken, found more")]
    [InlineData("X-OCCI-Attribute: a{0}=1\n", 4, "at most 3 attributes are taken, found more")]
    [InlineData("X-OCCI-Attribute: a{0}=\"1234567890123\"\n", 1, "at most 12 characters are taken, found 13")]
    public void In_text(string line, int times, string message)
    {
        Assert.True(OcciReader.Entities(Samples.Plain(Repeated(line, times)) with { Limits = Few }) is { Error: { TooLarge: true } error } && error.Message == message);
        if (times > 1)
            Assert.NotEqual(true, OcciReader.Entities(Samples.Plain(Repeated(line, times - 1)) with { Limits = Few }).Error?.TooLarge);
    }

    [Theory]
    [InlineData("""{"resources":[{},{},{},{}]}""", "at most 3 entities are taken, found 4")]
    [InlineData("""{"kind":"http://x/y#z","links":["/a","/a","/a","/a"]}""", "at most 3 links are taken, found 4")]
    [InlineData("""{"mixins":["http://x/y#z","http://x/y#z","http://x/y#z","http://x/y#z"]}""", "at most 3 mixins are taken, found 4")]
    [InlineData("""{"attributes":{"a":1,"b":1,"c":1,"d":1}}""", "at most 3 attributes are taken, found 4")]
    [InlineData("""{"title":"1234567890123"}""", "at most 12 characters are taken, found 13")]
    [InlineData("""{"kind":"http://x/y#z","links":[{"title":"1234567890123"}]}""", "at most 12 characters are taken, found 13")]
    [InlineData("""{"x":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20]}""", "the document holds more values than are taken")]
    public void In_json(string body, string message) =>
        Assert.True(OcciReader.Entities(Samples.Json(body) with { Limits = Few }) is { Error: { TooLarge: true } error } && error.Message == message);

    [Fact]
    public void In_a_collection_of_locations()
    {
        foreach (var message in (Message[])[Samples.Json("""["/a","/b","/c","/d"]"""), new(Rendering.UriList, [], "/a\n/b\n/c\n/d"), Samples.Plain("X-OCCI-Location: /a, /b, /c, /d")])
            Assert.True(OcciReader.Locations(message with { Limits = Few }) is { Error: { TooLarge: true, Message: "at most 3 entities are taken, found 4" } });
    }

    [Fact]
    public void In_a_filter() => Assert.True(
        OcciReader.Filter([new("X-OCCI-Attribute", "a=1, b=1, c=1, d=1")], Few).Error is { TooLarge: true });

    [Fact]
    public void A_name_of_a_megabyte_is_no_name()
    {
        var name = new string('a', 1_000_000);
        Assert.StartsWith("expected an attribute's name", OcciReader.Entities(Samples.Plain($"X-OCCI-Attribute: {name}=1")).Error?.Message, StringComparison.Ordinal);
        Assert.StartsWith("expected an attribute's name", OcciReader.Entities(Samples.Json($"{{\"attributes\":{{\"{name}\":{{\"a\":1}}}}}}")).Error?.Message, StringComparison.Ordinal);
        Assert.StartsWith("expected a URI", OcciReader.Entities(Samples.Plain($"Link: </{name}>; rel=\"http://x/y#z\"")).Error?.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("rel", "http://x/y#z ", "type identifiers")]
    [InlineData("actions", "http://x/y#z ", "type identifiers")]
    [InlineData("attributes", "a ", "attributes")]
    public void A_parameter_is_no_list_without_end(string parameter, string item, string what) => Assert.EndsWith(
        $"expected at most 1000 {what}, found more",
        OcciReader.Categories(Samples.Plain($"Category: a; scheme=\"http://x/y#\"; {parameter}=\"{Repeated(item, Many)}\"")).Error?.Message, StringComparison.Ordinal);

    // Memory tells the same as time, and tells it exactly: what was quadratic once took gigabytes here.
    [Theory]
    [InlineData("X-OCCI-Attribute: a=\"\\\"\"", ",b{0}=\"\\\"\"")]
    [InlineData("Category: a; scheme=\"http://x/y#\"", "; title=\"\\\"\"")]
    [InlineData("Link: </a>; rel=\"http://x/y#z\"", ",</a>; rel=\"http://x/y#z\"")]
    [InlineData("X-OCCI-Attribute: a=", ";;;;;;;;;")]
    [InlineData("\n", "\r\n")]
    [InlineData("""{"attributes":{"a":{"b":{"c":[1""", ",1")]
    [InlineData("""{"x""", "[")]
    [InlineData("""{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa":{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa":[1""", ",1")]
    public void Takes_memory_in_proportion(string start, string repeated)
    {
        var body = start + Repeated(repeated, Many);
        foreach (var message in (Message[])[Samples.Plain(body), Samples.Json(body)])
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            _ = OcciReader.Entities(message);
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, (400L * Many) + (50L * body.Length));
        }
    }

    private static string Repeated(string text, int times) =>
        string.Concat(Enumerable.Range(0, times).Select(i => text.Contains("{0}", StringComparison.Ordinal) ? text.Replace("{0}", i.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal) : text));
}
