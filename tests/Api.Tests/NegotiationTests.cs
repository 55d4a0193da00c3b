using Controller.Api.Http;
using CsCheck;
using Microsoft.Extensions.Primitives;

namespace Controller.Api.Tests;

public sealed class NegotiationTests
{
    [Theory]
    [InlineData(null, "text/plain")]
    [InlineData("*/*", "text/plain")]
    [InlineData("text/*", "text/plain")]
    [InlineData("text/plain", "text/plain")]
    [InlineData("text/occi", "text/occi")]
    [InlineData("text/occi+plain", "text/occi+plain")]
    [InlineData("application/json", "application/json")]
    [InlineData("application/*", "application/occi+json")]
    [InlineData("APPLICATION/OCCI+JSON", "application/occi+json")]
    [InlineData("application/occi+json; charset=utf-8", "application/occi+json")]
    [InlineData("text/plain,text/occi;q=0.2", "text/plain")]
    [InlineData("text/plain,text/occi", "text/plain")]
    [InlineData("text/occi, text/plain", "text/occi")]
    [InlineData("text/plain;q=0.1, application/occi+json", "application/occi+json")]
    [InlineData("image/png, text/occi;q=0.3", "text/occi")]
    [InlineData("*/*, text/plain;q=0", "text/occi")]
    [InlineData("text/uri-list, text/plain;q=0.5", "text/plain")]
    [InlineData("*; q=.2, application/json", "application/json")]
    public void The_best_rendering_that_the_client_takes_is_chosen(string? accept, string expected) =>
        Assert.Equal(expected, Negotiation.Choose(accept, listing: false).Media?.Name);

    [Fact]
    public void Only_a_listing_is_a_uri_list()
    {
        Assert.Equal("text/uri-list", Negotiation.Choose("text/uri-list", listing: true).Media?.Name);
        Assert.Equal(400, Negotiation.Choose("text/uri-list", listing: false).Problem?.Type.Status);
    }

    [Theory]
    [InlineData("image/png")]
    [InlineData("text/plain;q=0")]
    [InlineData("nonsense")]
    public void What_cannot_be_rendered_is_406(string accept) => Assert.Equal(406, Negotiation.Choose(accept, listing: true).Problem?.Type.Status);

    [Fact]
    public void There_is_always_an_answer_and_never_an_exception() =>
        Gen.Char["text/plin,;=q*01. occi\"+-"].Array.Sample(
            text => Negotiation.Choose(new StringValues(new string(text)), listing: true) is var (media, problem) && (media is null) != (problem is null), iter: 20_000);

    // Nobody waits for this test if it fails: the square of a million is more than a minute.
    [Theory]
    [InlineData("v")]
    [InlineData("text/a,")]
    [InlineData("a/;")]
    public void A_megabyte_is_no_list(string repeated)
    {
        var field = string.Concat(Enumerable.Repeat(repeated, 1_000_000));
        Assert.True(Negotiation.Choose(field, listing: false).Problem is { Type.Status: 406, Message.Length: < 500 });
        Assert.Null(MediaType.OfRequest(field));
    }

    [Theory]
    [InlineData(null, "text/plain")]
    [InlineData("text/plain; charset=utf-8", "text/plain")]
    [InlineData("text/plain,text/occi", "text/plain")]
    [InlineData("application/x-unknown, text/occi", "text/occi")]
    [InlineData("application/x-unknown", null)]
    public void A_request_is_of_the_first_type_that_is_known(string? contentType, string? expected) =>
        Assert.Equal(expected, MediaType.OfRequest(contentType)?.Name);
}
