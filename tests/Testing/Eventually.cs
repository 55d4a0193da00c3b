using System.Diagnostics;

namespace Controller.Testing;

/// <summary>Waits for a condition with a deadline: never for luck.</summary>
public static class Eventually
{
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(500);

    /// <summary>Asks until it is so; fails with the description, and with what was <paramref name="found"/> instead, after the deadline (30 seconds by default).</summary>
    public static async Task Is(string description, Func<Task<bool>> condition, TimeSpan? within = null, Func<string>? found = null)
    {
        var limit = within ?? TimeSpan.FromSeconds(30);
        var clock = Stopwatch.StartNew();
        for (var asked = clock.Elapsed; !await condition(); asked = clock.Elapsed)
        {
            // As long as it took to ask: to ask by starting programs keeps others from what is waited for.
            var took = clock.Elapsed - asked;
            await Task.Delay(took < ShortestPause ? ShortestPause : took < LongestPause ? took : LongestPause);
            if (clock.Elapsed > limit)
                throw new TimeoutException($"After {limit.TotalSeconds:0.#} s it is still not so that {description}. {found?.Invoke()}".TrimEnd());
        }
    }
}
