namespace Controller.Contracts;

/// <summary>Which console of a machine. On the wire and in rows: append only.</summary>
public enum ConsoleKind : byte
{
    /// <summary>Its serial port; one viewer at a time, the newest.</summary>
    Serial = 0,

    /// <summary>Its screen, by RFB; as many viewers as like.</summary>
    Vnc = 1,
}

/// <summary>What a single-use ticket opens, and who was allowed to.</summary>
[GenerateSerializer, Immutable, Alias("ConsoleTicket")]
public sealed record ConsoleTicket([property: Id(0)] Guid Compute, [property: Id(1)] ConsoleKind Kind, [property: Id(2)] Caller Caller);

/// <summary>Tickets for consoles. Any silo answers; the database sees to it that each is redeemed once.</summary>
[Alias("IConsoleTicketGrain")]
public interface IConsoleTicketGrain : IGrainWithStringKey
{
    /// <summary>Keeps a ticket by the hash of its secret and answers until when.</summary>
    [Alias("Mint")] Task<DateTimeOffset> Mint(string hash, ConsoleTicket ticket, TimeSpan life);

    /// <summary>Uses it up. Null: there is none (any more), or its time is over.</summary>
    [Alias("Redeem")] Task<ConsoleTicket?> Redeem(string hash);
}

/// <summary>The order to open a console.</summary>
[GenerateSerializer, Immutable, Alias("ConsoleOrder")]
public sealed record ConsoleOrder([property: Id(0)] Guid Console, [property: Id(1)] Guid Machine, [property: Id(2)] ConsoleKind Kind);

/// <summary>Why a console is over.</summary>
/// <param name="Code">For programs: <c>ended</c>, <c>taken</c>, <c>not-running</c>, <c>host-lost</c>, …: see docs/consoles.md.</param>
/// <param name="Message">For people.</param>
[GenerateSerializer, Immutable, Alias("ConsoleClosed")]
public sealed record ConsoleClosed([property: Id(0)] string Code, [property: Id(1)] string Message);

/// <summary>What one end of a console says to the other. An empty one asks whether the other is still there.</summary>
/// <param name="Data">Bytes, against credit that the other end gave.</param>
/// <param name="Credit">So many bytes more may be sent to who says this.</param>
/// <param name="Closed">The last word.</param>
[GenerateSerializer, Immutable, Alias("ConsoleFrame")]
public sealed record ConsoleFrame([property: Id(0)] byte[] Data, [property: Id(1)] int Credit = 0, [property: Id(2)] ConsoleClosed? Closed = null);

/// <summary>
/// One end of an open console: the process that has the viewer's connection, or the gateway that has the agent's. They call each other, and each waits for the
/// answer before it calls again, so frames stay in order; no grain is between them.
/// </summary>
[Alias("IConsoleEnd")]
public interface IConsoleEnd : IGrainObserver
{
    /// <summary>The agent is there; <paramref name="other"/> is its end.</summary>
    [Alias("Opened")] Task Opened(IConsoleEnd other);

    [Alias("Take")] Task Take(ConsoleFrame frame);
}
