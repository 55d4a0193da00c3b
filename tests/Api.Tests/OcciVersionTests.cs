using Controller.Api.Http;

namespace Controller.Api.Tests;

public sealed class OcciVersionTests
{
    [Theory]
    [InlineData("x OCCI/1.3")]
    [InlineData("OCCI/2.0")]
    [InlineData("OCCI/1.99999999999999999999999999999999999999999999999999")]
    [InlineData("OCCI/99999999999999999999999999999999999999999999999999.0")]
    [InlineData("x OCCI/1.10")]
    [InlineData("x OCCI/99999999999999999999.1")]
    [InlineData("x OCCI/1.3 OCCI/2.0")]
    public void A_higher_version_is_too_high(string userAgent) => Assert.NotNull(OcciVersion.TooHigh(userAgent));

    [Theory]
    [InlineData("")]
    [InlineData("curl/8.0")]
    [InlineData("x OCCI/1.2")]
    [InlineData("x OCCI/1.1")]
    [InlineData("x OCCI/1.0")]
    [InlineData("x OCCI/1.02")]
    [InlineData("x OCCI/2.0 OCCI/1.1")]
    [InlineData("myOCCI/9.9")]
    [InlineData("OCCI/abc")]
    public void Other_clients_are_served(string userAgent) => Assert.Null(OcciVersion.TooHigh(userAgent));

    [Fact]
    public void The_server_names_both_versions()
    {
        Assert.Contains(" OCCI/1.2 ", OcciVersion.Server, StringComparison.Ordinal);
        Assert.Contains(" OCCI/1.1 ", OcciVersion.Server, StringComparison.Ordinal);
    }
}
