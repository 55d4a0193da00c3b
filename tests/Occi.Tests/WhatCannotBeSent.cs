using Occi.Core;
using Occi.Infrastructure;

namespace Occi.Tests;

/// <summary>Values that a rendering can't carry are told, never cut and never let loose on the header (C-030, C-313).</summary>
public sealed class WhatCannotBeSent
{
    private static Message Write(string title, Rendering rendering) =>
        Samples.Writer.Entity(new() { Kind = Compute.Kind.Id, Attributes = Samples.Values((CoreKinds.Title, title)) }, rendering);

    [Theory]
    [InlineData("a\r\nX-OCCI-Attribute: b=1", Rendering.TextPlain, "occi.core.title has a line break, which the text renderings can't carry: application/occi+json can")]
    [InlineData("a\nSet-Cookie: b=1", Rendering.TextOcci, "occi.core.title has a line break, which the text renderings can't carry: application/occi+json can")]
    [InlineData("é", Rendering.TextOcci, "occi.core.title has the character U+00E9, which an HTTP header can't carry: text/plain and application/occi+json can")]
    public void Is_told(string title, Rendering rendering, string why)
    {
        var message = Write(title, rendering);
        Assert.Equal(why, OcciWriter.WhyNot(message, int.MaxValue));
        Assert.All(message.Fields, f => Assert.Matches("^[ -~]*$", f.Value));
        Assert.Equal(rendering == Rendering.TextPlain ? 2 : 1, message.Body.Split('\n').Length);
    }

    [Theory]
    [InlineData("é", Rendering.TextPlain)]
    [InlineData("two\nlines", Rendering.Json)]
    public void Is_not_what_can(string title, Rendering rendering)
    {
        var message = Write(title, rendering);
        Assert.Null(OcciWriter.WhyNot(message, 0));
        Assert.Equal(title, Samples.Read(message).Attributes[CoreKinds.Title.Name].Text);
    }

    [Fact]
    public void Is_no_link_that_escapes_its_brackets()
    {
        var link = new Representation { Attributes = Samples.Values((CoreKinds.Target, "/a>\r\nLink: </b"), (CoreKinds.TargetKind, "x\"; self=\"/c")) };
        Assert.Equal(
            "Link: <%2Fa%3E%0D%0ALink%3A%20%3C%2Fb>; rel=\"x\\\"; self=\\\"/c\"; occi.core.target=\"/a>  Link: </b\"",
            Samples.Writer.Entity(new() { Links = [link] }, Rendering.TextPlain).Body);
    }

    [Fact]
    public void Is_too_much_header()
    {
        var message = Samples.Writer.Categories(Samples.Catalogue.All, Rendering.TextOcci);
        Assert.Equal("Category".Length + 2 + message.Fields[0].Value.Length + 2, message.HeaderSize);
        Assert.Null(OcciWriter.WhyNot(message, message.HeaderSize));
        Assert.StartsWith($"the rendering takes {message.HeaderSize} octets", OcciWriter.WhyNot(message, message.HeaderSize - 1), StringComparison.Ordinal);
    }

    [Fact]
    public void Is_no_reason_to_hide_the_model()   // one user's tag must not take the query interface away from everyone
    {
        var tag = new Mixin(new("http://x/y#", "t")) { Title = "a\r\né", Location = "/t/" };
        Assert.Equal("Category: t; scheme=\"http://x/y#\"; class=\"mixin\"; title=\"a  é\"; location=\"/t/\"", Samples.Writer.Categories([tag], Rendering.TextPlain).Body);
        Assert.Equal("t; scheme=\"http://x/y#\"; class=\"mixin\"; title=\"a  ?\"; location=\"/t/\"", Samples.Writer.Categories([tag], Rendering.TextOcci).Fields[0].Value);
    }

    [Fact]
    public void Is_a_uri_list_of_an_entity() => Assert.Throws<ArgumentException>(() => Write("a", Rendering.UriList));
}
