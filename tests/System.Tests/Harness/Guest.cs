using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;

namespace Controller.SystemTests.Harness;

/// <summary>A demo guest, as far as its serial console tells.</summary>
internal sealed class Guest(OcciApi api, Entity compute)
{
    // Emulated machines on a busy host.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(150);

    private readonly List<byte> _log = [];
    private long _size;

    /// <summary>What it has said so far, as far as it was read.</summary>
    public string Text => Encoding.UTF8.GetString([.. _log]);

    /// <summary>How often something stands in what was read.</summary>
    public int Times(string text) => Regex.Count(Text, Regex.Escape(text));

    /// <summary>The group of the pattern's last match in what was read.</summary>
    public string LastOf(string pattern) => Regex.Matches(Text, pattern)[^1].Groups[1].Value;

    /// <summary>Reads what there is, and answers where the log ended: what is said later is behind that. A guest that never stops talking is not waited for.</summary>
    public async Task<int> Now()
    {
        await Read();
        for (var end = _size; _log.Count < end && await Read() is > 0;)
        {
            // There is more.
        }
        return Text.Length;
    }

    /// <summary>Waits until it says something that it had not said at <paramref name="since"/>.</summary>
    public async Task<Match> Says(string pattern, int since = 0)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            var found = Regex.Match(Text[Math.Min(since, Text.Length)..], pattern);
            if (found.Success)
                return found;
            if (clock.Elapsed > Patience)
                Assert.Fail($"{compute.Path} has not said /{pattern}/ within {Patience.TotalSeconds:0} s. Its console:\n{Text}");
            if (await Read() is null)
                await Task.Delay(200);
        }
    }

    /// <summary>Listens while something is done and a little longer; how long it said nothing at most, as the API's reader hears it.</summary>
    public async Task<TimeSpan> LongestSilence(Task meanwhile, TimeSpan after)
    {
        var (clock, heard, longest, end) = (Stopwatch.StartNew(), TimeSpan.Zero, TimeSpan.Zero, TimeSpan.MaxValue);
        while (clock.Elapsed < end)
        {
            if (await Read() is > 0)
            {
                longest = clock.Elapsed - heard > longest ? clock.Elapsed - heard : longest;
                heard = clock.Elapsed;
            }
            if (end == TimeSpan.MaxValue && meanwhile.IsCompleted)
                end = clock.Elapsed + after;
        }
        await meanwhile;
        return longest;
    }

    private async Task<int?> Read()
    {
        if (await api.Console(compute.Id, _log.Count) is not { } part)
            return null;
        Assert.True(part.Size >= _log.Count, $"The log of {compute.Path} became shorter: {part.Size} bytes, {_log.Count} were read of it.");
        _size = part.Size;
        _log.AddRange(part.Data);
        return part.Data.Length;
    }
}
