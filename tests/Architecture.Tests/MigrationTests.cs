using System.Text.RegularExpressions;

namespace Controller.Architecture.Tests;

/// <summary>
/// A silo of the release before goes on working on the schema of this one: migrations add, and neither take away nor change what is there. Nor do they make it harder to write to: a column that
/// must have a value and has no default fails every insert of a program that does not know it.
/// </summary>
public sealed partial class MigrationTests
{
    private static readonly (string What, Regex Pattern)[] Forbidden =
    [
        ("takes something away", Drop()),
        ("renames something", Rename()),
        ("changes a column", AlterColumn()),
        ("demands a value of rows that older programs write", NotNullWithoutDefault()),
        ("restricts what may be written", Constraint()),
        ("deletes rows", Delete()),
    ];

    /// <summary>Those that may: the file, and why it harms nobody.</summary>
    private static readonly Dictionary<string, string> Allowed = [];

    public static TheoryData<string> Files { get; } = [.. Directory.EnumerateFiles(Folder, "*.sql").Select(f => Path.GetFileName(f)).Order()];

    private static string Folder => Path.Combine(Repository.Root, "src", "Silo", "Postgres", "Migrations");

    [Theory, MemberData(nameof(Files))]
    public void A_migration_only_adds(string file)
    {
        if (!Allowed.ContainsKey(file))
            Assert.Empty(Breaks(File.ReadAllText(Path.Combine(Folder, file))));
    }

    [Fact]
    public void Each_migration_has_a_number_of_its_own() =>
        Assert.Empty(Directory.EnumerateFiles(Folder, "*.sql").Select(f => Path.GetFileName(f)).GroupBy(f => f[..4]).Where(same => same.Count() > 1).Select(same => string.Join(", ", same)));

    [Theory]
    [InlineData("DROP TABLE gateway;")]
    [InlineData("ALTER TABLE entity DROP COLUMN title;")]
    [InlineData("alter table entity rename column title to name;")]
    [InlineData("ALTER TABLE entity ALTER COLUMN title TYPE varchar(10);")]
    [InlineData("ALTER TABLE entity ALTER title SET NOT NULL;")]
    [InlineData("ALTER TABLE entity ADD COLUMN size bigint NOT NULL;")]
    [InlineData("ALTER TABLE entity\n    ADD COLUMN a int DEFAULT 1, -- fine\n    ADD COLUMN b int NOT NULL, ADD COLUMN c int NOT NULL DEFAULT 0;")]
    [InlineData("ALTER TABLE entity ADD CONSTRAINT titled CHECK (title <> '');")]
    [InlineData("TRUNCATE audit;")]
    [InlineData("DELETE FROM audit;")]
    public void What_breaks_an_older_program_is_seen(string sql) => Assert.NotEmpty(Breaks(sql));

    [Theory]
    [InlineData("CREATE TABLE a (b int NOT NULL, CHECK (b > 0)); CREATE UNIQUE INDEX c ON a (b);")]
    [InlineData("ALTER TABLE entity ADD COLUMN size bigint, ADD COLUMN many int NOT NULL DEFAULT 0;")]
    [InlineData("-- DROP TABLE gateway;\nINSERT INTO OrleansQuery VALUES ('k', $q$ DELETE FROM entity WHERE id = @Id $q$);")]
    [InlineData("CREATE TRIGGER whole BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION keep();")]
    public void What_adds_is_not_mistaken(string sql) => Assert.Empty(Breaks(sql));

    private static IEnumerable<string> Breaks(string sql) =>
        from statement in Quoted().Replace(Comment().Replace(sql, ""), "''").Split(';')
        from rule in Forbidden
        where rule.Pattern.IsMatch(statement)
        select $"{rule.What}: {statement.Trim()}";

    [GeneratedRegex(@"--[^\n]*")]
    private static partial Regex Comment();

    /// <summary>Texts, and bodies of functions and queries: they are said when they are called.</summary>
    [GeneratedRegex(@"(\$\w*\$).*?\1|'[^']*'", RegexOptions.Singleline)]
    private static partial Regex Quoted();

    [GeneratedRegex(@"^\s*(drop|truncate)\b|\balter\s+table\b.*\bdrop\b", RegexOptions.IgnoreCase | RegexOptions.Singleline)]
    private static partial Regex Drop();

    [GeneratedRegex(@"\balter\b.*\brename\b", RegexOptions.IgnoreCase | RegexOptions.Singleline)]
    private static partial Regex Rename();

    [GeneratedRegex(@"\balter\s+table\b.*\balter\b(?!\s+table)|\balter\s+(type|domain)\b", RegexOptions.IgnoreCase | RegexOptions.Singleline)]
    private static partial Regex AlterColumn();

    [GeneratedRegex(@"\badd\s+column\b(?:(?!\badd\s+column\b|\bdefault\b).)*\bnot\s+null\b(?!(?:(?!\badd\s+column\b).)*\bdefault\b)", RegexOptions.IgnoreCase | RegexOptions.Singleline)]
    private static partial Regex NotNullWithoutDefault();

    [GeneratedRegex(@"\balter\s+table\b.*\badd\s+(constraint|check|unique|primary|foreign|exclude)\b", RegexOptions.IgnoreCase | RegexOptions.Singleline)]
    private static partial Regex Constraint();

    [GeneratedRegex(@"^\s*delete\b", RegexOptions.IgnoreCase)]
    private static partial Regex Delete();
}
