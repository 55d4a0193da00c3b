using Controller.Contracts;
using Npgsql;

namespace Controller.Silo.Postgres;

/// <summary>
/// Turns the database's trouble into an exception that other processes can read. What a grain could not write it has not done: the caller may repeat it.
/// </summary>
internal sealed class DatabaseTrouble : IIncomingGrainCallFilter
{
    public async Task Invoke(IIncomingGrainCallContext context)
    {
        try
        {
            await context.Invoke();
        }
        catch (Exception e) when (Cause(e) is { } cause)
        {
            throw new UnavailableException($"The database does not answer: {cause.Message}");
        }
    }

    private static NpgsqlException? Cause(Exception? e)
    {
        for (; e is not null; e = e.InnerException)
        {
            if (e is NpgsqlException npgsql and not PostgresException { IsTransient: false })
                return npgsql;
        }
        return null;
    }
}
