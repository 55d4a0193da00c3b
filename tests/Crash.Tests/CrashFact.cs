namespace Controller.Crash.Tests;

/// <summary>Runs where somebody asks for it: it takes minutes, and two processors of its own.</summary>
internal sealed class CrashFactAttribute : FactAttribute
{
    public CrashFactAttribute()
    {
        if (Environment.GetEnvironmentVariable("CONTROLLER_CRASH") is not { Length: > 0 })
            Skip = "It takes minutes: CONTROLLER_CRASH=some, each or all runs it.";
    }
}
