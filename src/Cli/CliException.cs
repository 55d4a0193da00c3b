namespace Controller.Cli;

/// <summary>An expected failure: its message is all that the user sees.</summary>
internal sealed class CliException(string message, int exitCode = ExitCode.Failed) : Exception(message)
{
    /// <param name="message">What is wrong.</param>
    /// <param name="next">What to do next; null: nothing can be said.</param>
    public CliException(string message, string? next)
        : this(message) => Next = next;

    /// <summary>What to do next.</summary>
    public string? Next { get; }

    public int ExitCode { get; } = exitCode;
}

/// <summary>What the command line answers its caller with.</summary>
internal static class ExitCode
{
    public const int Ok = 0;
    public const int Failed = 1;
    public const int Usage = 2;

    /// <summary>What was looked for is there: "controller doctor" found something.</summary>
    public const int Found = 4;

    /// <summary>Ended by Ctrl-C, as shells have it.</summary>
    public const int Interrupted = 130;
}
