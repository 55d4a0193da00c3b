using System.Globalization;

namespace Controller.Cli.Consoles;

/// <summary>A machine's serial log, byte for byte.</summary>
internal static class SerialLog
{
    private const int PartBytes = 64 * 1024, WaitSeconds = 20;

    // A silo or an agent that is started again is back before that.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Prints what there is and, if asked to, what comes.</summary>
    /// <param name="api">Whom to ask.</param>
    /// <param name="uuid">The machine.</param>
    /// <param name="follow">Whether to go on with what comes.</param>
    /// <param name="tail">Only so many lines of what there is, the last ones; null: all.</param>
    /// <param name="cancel">Ctrl-C.</param>
    public static async Task Print(ApiClient api, string uuid, bool follow, int? tail, CancellationToken cancel)
    {
        await using var output = Console.OpenStandardOutput();
        var offset = 0L;
        if (tail is { } lines)
        {
            byte[] kept = [];
            for (var end = false; !end;)
            {
                var (at, data, size) = await Part(api, uuid, offset, follow: false, cancel);
                kept = LastLines([.. kept, .. data], lines);
                offset = size < offset ? 0 : at + data.Length;
                end = data.Length == 0 || offset >= size;
            }
            await output.WriteAsync(kept, cancel);
            await output.FlushAsync(cancel);
            if (!follow)
                return;
        }
        while (true)
        {
            var (at, data, size) = await Part(api, uuid, offset, follow, cancel);
            await output.WriteAsync(data, cancel);
            await output.FlushAsync(cancel);
            // A log that is shorter than what was read of it was begun anew.
            offset = size < offset ? 0 : at + data.Length;
            if (!follow && (data.Length == 0 || offset >= size))
                return;
        }
    }

    /// <summary>The last lines; one that has not ended yet is one.</summary>
    internal static byte[] LastLines(byte[] text, int lines)
    {
        if (lines == 0)
            return [];
        var at = text.Length;
        for (var left = lines; at > 0; at--)
        {
            if (text[at - 1] == (byte)'\n' && at < text.Length && --left == 0)
                break;
        }
        return text[at..];
    }

    private static async Task<(long At, byte[] Data, long Size)> Part(ApiClient api, string uuid, long offset, bool follow, CancellationToken cancel)
    {
        var path = string.Create(CultureInfo.InvariantCulture, $"/console/{uuid}?offset={offset}&wait={(follow ? WaitSeconds : 0)}&max={PartBytes}");
        (long, byte[], long)? part = null;
        Exception? trouble = null;
        await Wait.Until(
            async () =>
            {
                try
                {
                    using var answer = await api.Send(HttpMethod.Get, path, null, "application/octet-stream", cancel);
                    var data = await answer.Content.ReadAsByteArrayAsync(cancel);
                    part = (Number(answer, "X-Console-Offset") ?? offset, data, Number(answer, "X-Console-Size") ?? offset + data.Length);
                }
                // Once something was shown, the follower stays through a restart of the machine (409) or of the cloud (503, no connection).
                catch (Exception e) when (follow && offset > 0 && (e is RefusedException { Status: 409 or 502 or 503 } or CliException or HttpRequestException or IOException))
                {
                    trouble = e;
                }
                return part is not null;
            },
            Patience, cancel);
        return part ?? throw new CliException(trouble!.Message);
    }

    private static long? Number(HttpResponseMessage answer, string header) =>
        answer.Headers.TryGetValues(header, out var values) && long.TryParse(values.First(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
