using System.Diagnostics;
using System.Globalization;
using Controller.Bench.Stand;

namespace Controller.Bench.Measuring;

/// <summary>What PostgreSQL itself can do here and now: pgbench with upserts of one row, as large as one of the product's, each a transaction that is durable before the next.</summary>
internal sealed class PgBench(Postgres postgres, string script)
{
    private const string Table = "create table if not exists bench_row (id integer primary key, version integer not null, payload bytea not null) with (fillfactor = 70)";

    /// <param name="postgres">Which server.</param>
    /// <param name="payload">A row's content.</param>
    public static async Task<PgBench> For(Postgres postgres, byte[] payload)
    {
        await using (var command = postgres.Source.CreateCommand(Table))
            await command.ExecuteNonQueryAsync();
        var script = Path.Combine(postgres.Directory, "upsert.sql");
        await File.WriteAllTextAsync(
            script,
            $"""
            \set id random(1, 10000)
            insert into bench_row (id, version, payload) values (:id, 1, '\x{Convert.ToHexStringLower(payload)}')
            on conflict (id) do update set version = bench_row.version + 1, payload = excluded.payload;

            """);
        return new(postgres, script);
    }

    public async Task<Rate> Measure(int clients, TimeSpan duration, CancellationToken cancel)
    {
        var seconds = Math.Max(5, (int)duration.TotalSeconds);   // a hundred connections take a while on a busy machine
        var before = CpuTime.Of([postgres.Pid]);
        string[] arguments =
        [
            "-n", "-M", "prepared", "-f", script, "-c", Text(clients), "-j", "2", "-T", Text(seconds), "-h", "127.0.0.1", "-p", Text(postgres.Port), "-U", Postgres.User, Postgres.Database,
        ];
        using var process = Process.Start(new ProcessStartInfo(postgres.Program("pgbench"), arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEndAsync(cancel);
        var said = await process.StandardOutput.ReadToEndAsync(cancel);
        await process.WaitForExitAsync(cancel);
        var cpu = CpuTime.Of([postgres.Pid]) - before;
        var rate = PerSecond(said) ?? throw new InvalidOperationException($"pgbench said no rate:\n{said}\n{await errors}");
        return new((long)(rate * seconds), 0, TimeSpan.FromSeconds(seconds), cpu);
    }

    /// <summary>"tps = 1234.5 (without initial connection time)"; null: there is none.</summary>
    public static double? PerSecond(string said) =>
        said.Split('\n').FirstOrDefault(l => l.StartsWith("tps = ", StringComparison.Ordinal)) is { } line
        && double.TryParse(line["tps = ".Length..].Split(' ')[0], CultureInfo.InvariantCulture, out var rate) ? rate : null;

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
