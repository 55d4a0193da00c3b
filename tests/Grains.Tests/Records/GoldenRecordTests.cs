using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using Controller.Contracts;
using Controller.Grains.Compute;
using Controller.Grains.Declared;
using Controller.Grains.Links;
using Controller.Grains.Persistence;
using Controller.Grains.Tests.Postgres;
using Npgsql;
using NpgsqlTypes;
using Orleans.Storage;

namespace Controller.Grains.Tests.Records;

/// <summary>
/// What lies in the database must load for ever. Golden/*.json holds a payload per state name as it is written today, with every member set; Golden/previous/*.json as
/// another release wrote it: without the members that came later and with some that went. When a record gets a member, run the tests with GOLDEN=write and read the
/// difference: a line that changed or went is a break with what is stored. The files below previous/ are never rewritten.
/// </summary>
[Collection("database")]
public sealed class GoldenRecordTests(DatabaseFixture fixture)
{
    private static readonly RecordSerializer Serializer = new();

    /// <summary>State name and what is stored under it, as the grains declare it.</summary>
    private static readonly Dictionary<string, Type> States = typeof(RecordSerializer).Assembly.GetTypes()
        .SelectMany(t => t.GetConstructors()).SelectMany(c => c.GetParameters())
        .Where(p => p.IsDefined(typeof(PersistentStateAttribute)))
        .Select(p => (Name: p.GetCustomAttribute<PersistentStateAttribute>()!.StateName, Type: p.ParameterType.GenericTypeArguments[0]))
        .Append((Name: "declared", Type: typeof(Stored<DeclaredRecord, EntityView>)))   // its rows have a name for each kind
        .ToDictionary(s => s.Name, s => s.Type);

    public static TheoryData<string> Names { get; } = [.. States.Keys.Order()];

    public static IEnumerable<object[]> Files { get; } =
        [.. States.Keys.Order().SelectMany(s => new[] { "", "previous/" }, (s, folder) => new object[] { s, $"{folder}{s}.json" })];

    [Theory, MemberData(nameof(Names))]
    public void A_record_is_written_as_it_was(string state)
    {
        var text = Write(States[state], new Everything().Make(States[state], state)).ToJsonString(new() { WriteIndented = true }) + "\n";
        if (Environment.GetEnvironmentVariable("GOLDEN") == "write")
            File.WriteAllText(Path.Combine(SourceDirectory(), "..", "Golden", state + ".json"), text);
        else
            Assert.Equal(Golden(state + ".json").ToJsonString(), JsonNode.Parse(text)!.ToJsonString());
    }

    [Theory, MemberData(nameof(Names))]
    public void A_record_loads_and_is_written_the_same(string state)
    {
        var golden = Golden(state + ".json");
        Assert.True(JsonNode.DeepEquals(golden, Write(States[state], Read(States[state], golden))), $"{state} is not the same after it was read.");
    }

    [Theory, MemberData(nameof(Names))]
    public void A_record_of_another_release_loads(string state)
    {
        var golden = Golden($"previous/{state}.json");
        Assert.Contains("gone", golden["record"]!.AsObject().Select(m => m.Key));
        var loaded = Read(States[state], golden);
        Assert.NotNull(States[state].GetProperty("Record")!.GetValue(loaded));
        NothingIsMissing(loaded, state, new());
        var written = Write(States[state], loaded);
        foreach (var (name, value) in golden["record"]!.AsObject().Where(m => m.Key != "gone" && m.Value is JsonValue))
            Assert.True(JsonNode.DeepEquals(value, written["record"]![name]), $"{state}: {name} was {value?.ToJsonString()}, now it is {written["record"]![name]?.ToJsonString()}.");
    }

    [Theory, MemberData(nameof(Files))]
    public async Task The_inventorys_columns_are_what_the_payload_says(string state, string file)
    {
        var golden = Golden(file);
        var key = $"{state}/{Guid.NewGuid()}";
        Assert.Equal(1, await Store(state, key, golden, null));
        await ColumnsAre(state, key, golden["index"]!.AsObject());

        // Then as an update, which is another branch of the statement, of one that says other things.
        var next = golden.DeepClone();
        next["index"]!["listed"] = !golden["index"]!["listed"]!.GetValue<bool>();
        next["index"]!["title"] = "renamed";
        next["index"]!.AsObject().Remove("due");
        Assert.Equal(2, await Store(state, key, next, 1));
        await ColumnsAre(state, key, next["index"]!.AsObject());
        Assert.Null(await Store(state, key, golden, 1));
        Assert.Null(await Store(state, key, golden, null));
        await ColumnsAre(state, key, next["index"]!.AsObject());
    }

    [Fact]
    public void A_member_that_is_missing_has_its_own_default()
    {
        const string Old = """{"record":{"id":"00000000-0000-4000-8000-000000000002","project":"00000000-0000-4000-8000-000000000001","createdBy":"x","created":"2026-01-02T03:04:05Z"},"index":{}}""";
        var compute = Serializer.Deserialize<Stored<ComputeRecord, EntityView>>(new(Old)).Record!;
        Assert.Equal(Power.Running, compute.Power);
        Assert.Empty(compute.Links);
        var link = Old.Replace("\"createdBy\"", "\"source\":\"00000000-0000-4000-8000-000000000003\",\"target\":\"00000000-0000-4000-8000-000000000004\",\"createdBy\"", StringComparison.Ordinal);
        Assert.Equal(-1, Serializer.Deserialize<Stored<LinkRecord, EntityView>>(new(link)).Record!.Slot);
    }

    [Fact]
    public void Every_file_belongs_to_a_state() => Assert.Equal(
        States.Keys.SelectMany(s => new[] { s + ".json", $"previous/{s}.json" }).Order(StringComparer.Ordinal),
        Directory.EnumerateFiles(GoldenDirectory, "*.json", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(GoldenDirectory, f)).Order(StringComparer.Ordinal));

    /// <summary>Through the query that the storage provider runs, with its parameters.</summary>
    private async Task<int?> Store(string state, string key, JsonNode payload, int? version)
    {
        var query = (await fixture.Rows("SELECT QueryText FROM OrleansQuery WHERE QueryKey = 'WriteToStorageKey'")).Single();
        await using var command = fixture.Database.CreateCommand(query);
        command.Parameters.Add(new("GrainTypeString", state));
        command.Parameters.Add(new("GrainIdExtensionString", key));
        command.Parameters.Add(new("GrainStateVersion", NpgsqlDbType.Integer) { Value = (object?)version ?? DBNull.Value });
        command.Parameters.Add(new("PayloadBinary", JsonSerializer.SerializeToUtf8Bytes(payload)));
        return await command.ExecuteScalarAsync() as int?;
    }

    private async Task ColumnsAre(string state, string key, JsonObject index)
    {
        await using var command = fixture.Database.CreateCommand(
            "SELECT entity_id, project, source, target, state, host, title, mixins, listed, due, cores, memory, disk FROM entity WHERE state_name = $1 AND id = $2");
        command.Parameters.Add(new() { Value = state });
        command.Parameters.Add(new() { Value = key });
        await using var row = await command.ExecuteReaderAsync();
        Assert.True(await row.ReadAsync());
        Assert.Equal(index["entityId"]?.GetValue<Guid>(), Value<Guid>(row, "entity_id"));
        foreach (var column in new[] { "project", "source", "target", "host" })
            Assert.Equal(index[column]?.GetValue<Guid>(), Value<Guid>(row, column));
        foreach (var column in new[] { "state", "title" })
            Assert.Equal(index[column]?.GetValue<string>(), row[column] as string);
        Assert.Equal(index["mixins"]?.AsArray().Select(m => m!.GetValue<string>()) ?? [], (string[])row["mixins"]);
        Assert.Equal(index["listed"]!.GetValue<bool>(), row["listed"]);
        Assert.Equal(index["due"]?.GetValue<DateTimeOffset>().UtcDateTime, Value<DateTime>(row, "due"));
        Assert.Equal(index["cores"]?.GetValue<int>(), Value<int>(row, "cores"));
        foreach (var column in new[] { "memory", "disk" })
            Assert.Equal(index[column]?.GetValue<long>(), Value<long>(row, column));
    }

    private static T? Value<T>(NpgsqlDataReader row, string column)
        where T : struct => row[column] is T value ? value : null;

    /// <summary>No member that can't be null is null: code relies on it.</summary>
    private static void NothingIsMissing(object? value, string path, NullabilityInfoContext context)
    {
        if (value is null || value.GetType() is not { Namespace: { } space } type || !space.StartsWith("Controller.", StringComparison.Ordinal) || type.IsEnum)
            return;
        foreach (var property in type.GetProperties().Where(p => p.SetMethod is not null))
        {
            var member = property.GetValue(value);
            Assert.True(member is not null || context.Create(property).ReadState != NullabilityState.NotNull, $"{path}.{property.Name} is null.");
            foreach (var part in member is Array array ? array.Cast<object?>() : [member])
                NothingIsMissing(part, $"{path}.{property.Name}", context);
        }
    }

    private static object Read(Type stored, JsonNode json) => typeof(RecordSerializer).GetMethod(nameof(IGrainStorageSerializer.Deserialize))!
        .MakeGenericMethod(stored).Invoke(Serializer, [new BinaryData(JsonSerializer.SerializeToUtf8Bytes(json))])!;

    private static JsonNode Write(Type stored, object value) => JsonNode.Parse(((BinaryData)typeof(RecordSerializer).GetMethod(nameof(IGrainStorageSerializer.Serialize))!
        .MakeGenericMethod(stored).Invoke(Serializer, [value])!).ToMemory().Span)!;

    private static string GoldenDirectory => Path.Combine(AppContext.BaseDirectory, "Golden");

    private static JsonNode Golden(string file) => JsonNode.Parse(File.ReadAllText(Path.Combine(GoldenDirectory, file)))!;

    private static string SourceDirectory([System.Runtime.CompilerServices.CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;
}
