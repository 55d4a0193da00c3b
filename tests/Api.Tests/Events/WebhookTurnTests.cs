using Controller.Silo;
using Controller.Silo.Events;
using Controller.Silo.Postgres;
using Controller.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Controller.Api.Tests.Events;

/// <summary>Whose turn it is to be told.</summary>
public sealed class WebhookTurnTests
{
    [Fact]
    public async Task A_project_has_few_turns_at_once_and_who_was_told_last_comes_last()
    {
        await using var postgres = await PrivatePostgres.Start();
        await using var database = SiloHost.Database(await postgres.CreateDatabase());
        await new Migrator(database, NullLogger<Migrator>.Instance).Apply(CancellationToken.None);
        var (greedy, modest) = (Guid.NewGuid(), Guid.NewGuid());
        await Add(greedy, 10);
        await Execute("INSERT INTO event (at, type, term, kind, entity, version) VALUES (now(), 'changed', 'network', 'network', gen_random_uuid(), 1)");
        var (one, other) = (new WebhookTurns(database, TimeProvider.System), new WebhookTurns(database, TimeProvider.System));

        var first = await one.Take(16, CancellationToken.None);
        Assert.Equal(WebhookTurns.PerProject, first.Count);
        Assert.Empty(await one.Take(16, CancellationToken.None));
        await Add(modest, 1);
        Assert.Equal(modest, Assert.Single(await one.Take(16, CancellationToken.None)).Project);
        // Another silo has turns of its own, of those that are left.
        var others = await other.Take(16, CancellationToken.None);
        Assert.Equal(WebhookTurns.PerProject, others.Count);
        Assert.Empty(others.IntersectBy(first.Select(h => h.Id), h => h.Id));

        foreach (var hook in first)
            Assert.True(await one.GiveBack(hook));
        // Those that were never told, and then in the order in which they were.
        var second = await one.Take(3, CancellationToken.None);
        Assert.Equal(2, second.ExceptBy(first.Concat(others).Select(h => h.Id), h => h.Id).Count());
        Assert.Contains(second, h => h.Id == first[0].Id);

        async Task Add(Guid project, int count)
        {
            await using var command = database.CreateCommand(
                """
                INSERT INTO webhook (id, project, everything, url, kinds, secret, created, created_by, position)
                SELECT gen_random_uuid(), $1, false, 'https://example.org/', '{}', 'whsec_', now(), 'test', 0 FROM generate_series(1, $2)
                """);
            command.Parameters.Add(new() { Value = project });
            command.Parameters.Add(new() { Value = count });
            await command.ExecuteNonQueryAsync();
        }

        async Task Execute(string sql)
        {
            await using var command = database.CreateCommand(sql);
            await command.ExecuteNonQueryAsync();
        }
    }
}
