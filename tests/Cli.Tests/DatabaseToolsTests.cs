using Controller.Cli.Database;

namespace Controller.Cli.Tests;

/// <summary>What PostgreSQL's programs are told of a connection string, and which migrations this release knows.</summary>
public sealed class DatabaseToolsTests
{
    [Theory]
    [InlineData("Host=127.0.0.1;Database=c;Username=u;Password=p;Port=5433", "PGHOST=127.0.0.1 PGDATABASE=c PGUSER=u PGPASSWORD=p PGPORT=5433")]
    [InlineData("Server=db;DB=c;User Id=u;SSL Mode=VerifyFull;Root Certificate=/etc/ca.crt;Maximum Pool Size=4", "PGHOST=db PGDATABASE=c PGUSER=u PGSSLMODE=verify-full PGSSLROOTCERT=/etc/ca.crt")]
    [InlineData("Host=db;Database=c;Username=u;SSL Mode=VerifyCA", "PGSSLMODE=verify-ca")]
    [InlineData("Host=db;Database=c;Username=u;SSL Mode=Require", "PGSSLMODE=require")]
    [InlineData("Host=db;Database=c;Username=u;Password=\"a;b='c\"", "PGPASSWORD=a;b='c")]
    public void A_connection_string_becomes_what_libpq_reads(string connection, string wanted)
    {
        var variables = DatabaseTools.Environment(connection);
        foreach (var variable in wanted.Split(' '))
            Assert.Equal(variable[(variable.IndexOf('=', StringComparison.Ordinal) + 1)..], variables[variable[..variable.IndexOf('=', StringComparison.Ordinal)]]);
    }

    [Theory]
    [InlineData("Host=db")]
    [InlineData("Database=c")]
    [InlineData("nonsense")]
    [InlineData("")]
    public void What_is_missing_is_said(string connection) => Assert.Contains("connection string", Assert.Throws<CliException>(() => DatabaseTools.Environment(connection)).Message, StringComparison.Ordinal);

    [Fact]
    public void It_knows_the_silos_migrations() => Assert.Superset(new HashSet<int> { 1, 16, 25 }, DatabaseTools.KnownMigrations.ToHashSet());
}
