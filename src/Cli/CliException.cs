namespace Controller.Cli;

/// <summary>An expected failure: its message is all that the user sees.</summary>
internal sealed class CliException(string message, int exitCode = ExitCode.Failed) : Exception(message)
{
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
