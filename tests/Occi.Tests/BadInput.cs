namespace Occi.Tests;

/// <summary>Every error says what was wanted, what was found and where.</summary>
public sealed class BadInput
{
    private const string Compute = "compute; scheme=\"http://schemas.ogf.org/occi/infrastructure#\"";

    [Theory]
    [InlineData("Category: " + Compute + "\nNonsense", "line 2", 0, "expected Category, Link, X-OCCI-Attribute or X-OCCI-Location and a colon, found 'Nonsense'")]
    [InlineData("\r\n\r\n  X-Other: a=1", "line 3", 2, "expected Category, Link, X-OCCI-Attribute or X-OCCI-Location and a colon, found 'X-Other'")]
    [InlineData("Category: ", "line 1", 10, "expected a term, found the end")]
    [InlineData("Category: com pute; scheme=\"http://x/y#\"", "line 1", 10, "the category com has no scheme")]
    [InlineData("Category: compute", "line 1", 10, "the category compute has no scheme")]
    [InlineData("Category: compute; scheme=\"http://x/y\"", "line 1", 10, "expected a scheme that ends in #, found 'http://x/y'")]
    [InlineData("Category: compute; scheme=\"http://x/y#", "line 1", 26, "the quoted string has no end")]
    [InlineData("Category: compute; scheme", "line 1", 25, "expected '=' after scheme, found the end")]
    [InlineData("Category: compute; scheme=", "line 1", 26, "expected a value of scheme, found the end")]
    [InlineData("Category: " + Compute + "; class=\"sort\"", "line 1", 73, "expected class kind, mixin or action, found 'sort'")]
    [InlineData("Category: " + Compute + " class=\"kind\"", "line 1", 72, "expected ';', ',' or the end, found 'class=\"kind\"'")]
    [InlineData("Category: " + Compute + ",", "line 1", 72, "expected a term, found the end")]
    [InlineData("Category: #a; scheme=\"http://x/y#\"", "line 1", 10, "expected a term, found '#a'")]
    [InlineData("Category: a; scheme=\"http://x/y#\"; class=kind\nCategory: b; scheme=\"http://x/y#\"; class=kind", "line 2", 10, "expected one kind, found http://x/y#a and http://x/y#b")]
    [InlineData("Category: a; scheme=\"http://x/y#\"; class=action", "line 1", 10, "an entity can't have the action http://x/y#a as its category")]
    [InlineData("X-OCCI-Attribute: ", "line 1", 18, "expected a name, found the end")]
    [InlineData("X-OCCI-Attribute: a", "line 1", 19, "expected '=' after a, found the end")]
    [InlineData("X-OCCI-Attribute: a=", "line 1", 20, "expected a value of a, found the end")]
    [InlineData("X-OCCI-Attribute: a=1 b=2", "line 1", 22, "expected ',' or the end, found 'b=2'")]
    [InlineData("X-OCCI-Attribute: a=\"x\\\"", "line 1", 20, "the quoted string has no end")]
    [InlineData("X-OCCI-Attribute: a=1, a=2", "line 1", 23, "a is given twice")]
    [InlineData("X-OCCI-Attribute: a=1\r\nX-OCCI-Attribute: a=1", "line 2", 18, "a is given twice")]
    [InlineData("X-OCCI-Attribute: a*b=1", "line 1", 18, "expected an attribute's name, found 'a*b'")]
    [InlineData("X-OCCI-Attribute: a=\"\0\"", "line 1", 21, "found a NUL character")]
    [InlineData("Link: /network/1; rel=\"http://x/y#z\"", "line 1", 6, "expected '<', found '/network/1; rel=\"htt…'")]
    [InlineData("Link: </network/1; rel=\"http://x/y#z\"", "line 1", 7, "the link's target has no '>'")]
    [InlineData("Link: </net work>; rel=\"http://x/y#z\"", "line 1", 7, "expected a URI between < and >, found '/net work'")]
    [InlineData("Link: </network/1>", "line 1", 7, "the link has neither rel nor category")]
    [InlineData("Link: </network/1>; rel=\"network\"", "line 1", 20, "expected a type identifier, scheme#term, found 'network'")]
    [InlineData("Link: </network/1>; rel=\"http://x/y#z\"; a=1; a=2", "line 1", 45, "a is given twice")]
    [InlineData("Link: </network/1>; rel=\"http://x/y#z\"; self=\"a b\"", "line 1", 40, "expected self to be a URI, found 'a b'")]
    public void In_text(string body, string where, int at, string message) =>
        Assert.Equal(new ParseError(message, where, at), OcciReader.Entities(Samples.Plain(body)).Error);

    [Theory]
    [InlineData("", 0, "$", "expected a JSON document, found an empty body")]
    [InlineData("[]", 0, "$", "expected an object, found an array")]
    [InlineData("{\"kind\": 5}", 9, "$.kind", "expected a type identifier, scheme#term, found the number 5")]
    [InlineData("{\"kind\": \"compute\"}", 9, "$.kind", "expected a type identifier, scheme#term, found the string \"compute\"")]
    [InlineData("{\"mixins\": \"http://x/y#z\"}", 11, "$.mixins", "expected an array, found the string \"http://x/y#z\"")]
    [InlineData("{\"mixins\": [\"http://x/y#z\", null]}", 28, "$.mixins[1]", "expected a type identifier, scheme#term, found null")]
    [InlineData("{\"attributes\": {\"a.b\": null}}", 23, "$.attributes.a.b", "expected a string, number, boolean, array or object, found null")]
    [InlineData("{\"attributes\": {\"a.b\": 1e99}}", 23, "$.attributes.a.b", "expected a number of at most 28 digits, found the number 1e99")]
    [InlineData("{\"attributes\": {\"a b\": 1}}", 23, "$.attributes.a b", "expected an attribute's name, found 'a b'")]
    [InlineData("{\"attributes\": {\"a.b\": 1, \"a\": {\"b\": 2}}}", 37, "$.attributes.a.b", "a.b is given twice")]
    [InlineData("{\"title\": \"a\", \"title\": \"b\"}", 15, "$", "title is given twice")]
    [InlineData("{\"title\": \"a\", \"attributes\": {\"occi.core.title\": \"b\"}}", 10, "$.title", "occi.core.title is given twice, as \"b\" and as \"a\"")]
    [InlineData("{\"title\": \"é\\u0000\"}", 10, "$.title", "found a NUL character")]
    [InlineData("{\"title\": \"é\", \"summary\": \"\\ud800\"}", 26, "$", "the string holds half a surrogate pair")]
    [InlineData("{\"target\": {}}", 11, "$.target", "the location is missing")]
    [InlineData("{\"links\": [{\"links\": []}], \"id\": \"1\"}", 21, "$.links[0].links", "a link has no links")]
    [InlineData("{\"resources\": {}}", 14, "$.resources", "expected an array, found an object")]
    [InlineData("{\"resources\": [5]}", 15, "$.resources[0]", "expected an object, found the number 5")]
    public void In_json(string body, int at, string where, string message) =>
        Assert.Equal(new ParseError(message, where, at), OcciReader.Entities(Samples.Json(body)).Error);

    [Theory]
    [InlineData("{\"title\": \"a\"", 13)]
    [InlineData("{\"é\": 1} x", 9)]
    [InlineData("{'a': 1}", 1)]
    [InlineData("{\"a\": 1,}", 8)]
    [InlineData("// no\n{}", 0)]
    public void In_what_is_not_json(string body, int at)
    {
        var error = OcciReader.Entities(Samples.Json(body)).Error!;
        Assert.StartsWith("not JSON: ", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("LineNumber", error.Message, StringComparison.Ordinal);
        Assert.Equal(("$", at), (error.Where, error.At));
    }

    [Fact]
    public void In_the_second_of_two_header_fields() =>
        Assert.Equal(
            new ParseError("a is given twice", "x-occi-attribute (2)", 1),
            OcciReader.Entities(Samples.Header(("X-OCCI-Attribute", "a=1"), ("x-occi-attribute", " a=2"))).Error);

    [Theory]
    [InlineData("", "Category", 0, "expected the Category of an action, found none")]
    [InlineData("Category: a; scheme=\"http://x/y#\"\nCategory: b; scheme=\"http://x/y#\"", "line 2", 10, "expected one action, found a second Category")]
    [InlineData("Category: a; scheme=\"http://x/y#\"; class=kind", "line 1", 10, "expected class action, found Kind")]
    public void In_an_invocation(string body, string where, int at, string message) =>
        Assert.Equal(new ParseError(message, where, at), OcciReader.Invocation(Samples.Plain(body)).Error);

    [Theory]
    [InlineData("Category: a; scheme=\"http://x/y#\"; attributes=\"b{secret}\"", "http://x/y#a: expected immutable or required in the properties of b, found 'secret'")]
    [InlineData("Category: a; scheme=\"http://x/y#\"; attributes=\"b{required\"", "http://x/y#a: the properties of b have no '}'")]
    [InlineData("Category: a; scheme=\"http://x/y#\"; rel=\"b\"", "http://x/y#a: expected a type identifier, scheme#term, found 'b'")]
    [InlineData("Category: a; scheme=\"http://x/y#\"; location=\"a b\"", "http://x/y#a: expected its location to be a URI, found 'a b'")]
    public void In_a_category(string body, string message) =>
        Assert.Equal(new ParseError(message, "line 1", 10), OcciReader.Categories(Samples.Plain(body)).Error);

    [Fact]
    public void In_a_uri_list() =>
        Assert.Equal(
            new ParseError("expected a URI, found 'not one'", "line 3", 0),
            OcciReader.Locations(new Message(Rendering.UriList, [], "# all\r\nhttp://a/b\r\nnot one")).Error);

    [Fact]
    public void A_uri_list_holds_no_entity() => Assert.False(OcciReader.Entities(new Message(Rendering.UriList, [], "http://a/b")).Ok);
}
