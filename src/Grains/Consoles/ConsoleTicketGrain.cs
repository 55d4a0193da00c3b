using Controller.Contracts;
using Orleans.Concurrency;

namespace Controller.Grains.Consoles;

/// <summary>The APIs' way to the tickets. It keeps nothing: the database decides who was first.</summary>
[GrainType("consoleticket"), StatelessWorker]
internal sealed class ConsoleTicketGrain(IConsoleTickets tickets, TimeProvider time) : Grain, IConsoleTicketGrain
{
    public async Task<DateTimeOffset> Mint(string hash, ConsoleTicket ticket, TimeSpan life)
    {
        var now = time.GetUtcNow();
        await tickets.Add(hash, ticket, now, now + life);
        return now + life;
    }

    public Task<ConsoleTicket?> Redeem(string hash) => tickets.Take(hash, time.GetUtcNow());
}
