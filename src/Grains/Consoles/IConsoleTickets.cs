using Controller.Contracts;

namespace Controller.Grains.Consoles;

/// <summary>Tickets, by the hashes of their secrets.</summary>
internal interface IConsoleTickets
{
    /// <summary>Keeps it until then; what nobody has redeemed in time goes.</summary>
    Task Add(string hash, ConsoleTicket ticket, DateTimeOffset now, DateTimeOffset until);

    /// <summary>Takes it away: of all that ask, one gets it.</summary>
    Task<ConsoleTicket?> Take(string hash, DateTimeOffset now);
}
