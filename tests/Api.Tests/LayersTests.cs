using Controller.Api.Entities;

namespace Controller.Api.Tests;

public sealed class LayersTests
{
    [Fact]
    public void Whatever_needs_something_comes_after_it() => Assert.Equal([2, 1, 0, 0], Layers.Of([[1, 2], [2], [], []]));

    [Fact]
    public void A_circle_ends() => Assert.Equal(3, Layers.Of([[1], [0], [2]]).Length);
}
