namespace Occi.Tests;

public sealed class Architecture
{
    [Fact]
    public void Occi_stands_alone() =>
        Assert.All(typeof(Kind).Assembly.GetReferencedAssemblies(), a => Assert.StartsWith("System.", a.Name, StringComparison.Ordinal));
}
