namespace Controller.History.Tests;

/// <summary>Runs where somebody asks for a history: it takes minutes, and two processors of its own.</summary>
internal sealed class HistoryFactAttribute : FactAttribute
{
    public HistoryFactAttribute()
    {
        if (Environment.GetEnvironmentVariable("CONTROLLER_HISTORY_SEED") is not { Length: > 0 })
            Skip = "It takes minutes: CONTROLLER_HISTORY_SEED=1 runs it.";
    }
}
