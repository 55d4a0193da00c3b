using Npgsql;

namespace Controller.Api.Doctor;

internal static class Sql
{
    /// <summary>More of one sort is one trouble, and these show which.</summary>
    public const int Most = 200;

    /// <summary>All rows of a query.</summary>
    public static async Task<List<T>> Rows<T>(this NpgsqlDataSource database, string sql, Func<NpgsqlDataReader, T> row, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(sql);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var found = new List<T>();
        while (await reader.ReadAsync(cancel))
            found.Add(row(reader));
        return found;
    }

    public static T? Maybe<T>(this NpgsqlDataReader reader, int column)
        where T : struct => reader.IsDBNull(column) ? null : reader.GetFieldValue<T>(column);
}
