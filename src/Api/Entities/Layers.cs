namespace Controller.Api.Entities;

/// <summary>
/// An order in which every entity comes after those that it needs: links after their ends, a resource after what its links point to. So it is created; and
/// backwards it is deleted. Where needs go round in a circle, there is no such order, and some come before what they need.
/// </summary>
internal static class Layers
{
    /// <summary>For each node its layer: 0 needs nothing, the others something of a lower one.</summary>
    /// <param name="needs">By node, the nodes that it needs.</param>
    public static int[] Of(IReadOnlyList<IReadOnlyCollection<int>> needs)
    {
        var layers = new int[needs.Count];
        // A chain has as many steps as there are nodes, at most.
        for (var (round, moved) = (0, true); moved && round < needs.Count; round++)
        {
            moved = false;
            for (var node = 0; node < needs.Count; node++)
            {
                foreach (var needed in needs[node])
                {
                    if (needed == node || layers[node] > layers[needed])
                        continue;
                    layers[node] = layers[needed] + 1;
                    moved = true;
                }
            }
        }
        return layers;
    }
}
