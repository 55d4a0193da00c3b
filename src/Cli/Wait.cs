using System.Diagnostics;

namespace Controller.Cli;

/// <summary>Asks again and again.</summary>
internal static class Wait
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(50), Longest = TimeSpan.FromSeconds(1);

    /// <summary>Waits until <paramref name="done"/>, which is asked at once and then ever less often; false when it is not in time.</summary>
    public static async Task<bool> Until(Func<Task<bool>> done, TimeSpan patience, CancellationToken cancel)
    {
        var clock = Stopwatch.StartNew();
        for (var pause = First; !await done(); pause = pause * 1.5 < Longest ? pause * 1.5 : Longest)
        {
            if (clock.Elapsed >= patience)
                return false;
            await Task.Delay(pause, cancel);
        }
        return true;
    }
}
