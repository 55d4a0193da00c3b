using Controller.Cli.Local.Steps;
using Controller.Cli.Models;
using Occi.Declared;

namespace Controller.Cli.Tests;

/// <summary>docs/reference/kinds.md is what the model says.</summary>
public sealed class ReferenceTests
{
    private static string Page => Path.Combine(Programs.Home, "docs", "reference", "kinds.md");

    /// <summary>When the model changes on purpose, run the tests with GOLDEN=write, or <c>controller model --markdown --extensions platform,sla</c>, and read the difference.</summary>
    [Fact]
    public void The_reference_is_the_model_s()
    {
        var text = Reference.Markdown(ModelDirectory.Load(ExtensionNames.All.Select(ExtensionNames.PathOf)));
        if (Environment.GetEnvironmentVariable("GOLDEN") == "write")
            File.WriteAllText(Page, text);
        Assert.True(
            File.ReadAllText(Page) == text,
            "docs/reference/kinds.md is not what the model says. Write it anew with \"controller model --markdown --extensions platform,sla > docs/reference/kinds.md\" and read the difference.");
    }

    [Fact]
    public void Extensions_are_those_that_are_shipped()
    {
        Assert.Equal(["platform", "sla"], ExtensionNames.All);
        Assert.Equal(["sla", "platform"], ExtensionNames.Parse("sla, platform,sla"));
        Assert.Empty(ExtensionNames.Parse("none"));
        Assert.Contains("there is no extension paas; there are: platform, sla", Assert.Throws<CliException>(() => ExtensionNames.Parse("paas")).Message, StringComparison.Ordinal);
    }
}
