using Controller.Cli.Local;
using Controller.Cli.Local.Steps;

namespace Controller.Cli.Tests;

/// <summary>The model of a local cluster: shipped files and the operator's.</summary>
public sealed class ModelFilesTests
{
    private const string Tag = """{"mixins":[{"term":"mine","scheme":"http://example.com/occi/mine#","title":"Mine","location":"/mixin/mine/"}]}""";

    [Fact]
    public void Processes_read_copies_of_what_was_there_at_the_start()
    {
        using var directory = new TemporaryDirectory();
        var data = new DataDirectory(directory.Path);
        data.Create();
        Assert.Equal("the standard's", ModelFiles.Stage(data, "none"));
        File.WriteAllText(Path.Combine(data.OwnModel, "mine.json"), Tag);
        Assert.Equal("the standard's, sla, mine.json", ModelFiles.Stage(data, "sla"));
        Assert.Equal(["own-mine.json", "shipped-sla.json"], Directory.EnumerateFiles(data.Model).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        ModelFiles.Stage(data, "none");
        Assert.Equal(["own-mine.json"], Directory.EnumerateFiles(data.Model).Select(Path.GetFileName));
    }

    [Fact]
    public void A_cluster_of_before_there_were_extensions_has_none()
    {
        using var directory = new TemporaryDirectory();
        var data = new DataDirectory(directory.Path);
        SafeFile.Write(data.Settings, """{"silos":2,"apis":1,"hosts":1,"driver":"Simulated","port":8080}""");
        Assert.Equal((2, "none"), (ClusterSettings.Load(data)!.Silos, ClusterSettings.Load(data)!.Extensions));
    }

    [Fact]
    public void Files_that_cannot_be_used_are_told_of_and_change_nothing()
    {
        using var directory = new TemporaryDirectory();
        var data = new DataDirectory(directory.Path);
        data.Create();
        ModelFiles.Stage(data, "platform");
        File.WriteAllText(Path.Combine(data.OwnModel, "mine.json"), Tag.Replace("Mine", "Mine; not yours", StringComparison.Ordinal));
        Assert.Contains("mine.json, $.mixins[0].title: expected a title without commas", Assert.Throws<StepFailedException>(() => ModelFiles.Stage(data, "sla")).Message, StringComparison.Ordinal);
        Assert.Equal(["shipped-platform.json"], Directory.EnumerateFiles(data.Model).Select(Path.GetFileName));
    }
}
