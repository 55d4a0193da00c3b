using System.Reflection;

namespace Controller.Conformance;

/// <summary>All rows, in the order of their ids.</summary>
public static class Suite
{
    public static IReadOnlyList<Row> Rows { get; } =
    [
        .. typeof(Suite).Assembly.GetTypes()
            .SelectMany(t => t.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            .Select(m => (Method: m, Is: m.GetCustomAttribute<RowAttribute>()))
            .Where(m => m.Is is not null)
            .Select(m => new Row(m.Is!, m.Method.CreateDelegate<Func<Session, Task>>()))
            .OrderBy(r => r.Id, StringComparer.Ordinal),
    ];
}
