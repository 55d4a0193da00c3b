using System.Diagnostics;

namespace Controller.Agent.Tests.Harness;

internal static class Eventually
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>Waits until something holds. <paramref name="meanwhile"/> runs between two looks.</summary>
    public static async Task That(Func<bool> holds, string what, Action? meanwhile = null)
    {
        var began = Stopwatch.GetTimestamp();
        while (!holds())
        {
            if (Stopwatch.GetElapsedTime(began) > Patience) Assert.Fail($"Waited {Patience.TotalSeconds} s in vain for: {what}");
            await Task.Delay(5);
            meanwhile?.Invoke();
        }
    }

    /// <summary>The first that is not null.</summary>
    public static async Task<T> Some<T>(Func<T?> find, string what) where T : class
    {
        T? found = null;
        await That(() => (found = find()) is not null, what);
        return found!;
    }
}
