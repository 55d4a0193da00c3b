namespace Controller.Api.Tests.Upgrade;

/// <summary>A test that wants the programs of the release before, built: <c>tests/upgrade</c> builds them and runs it.</summary>
internal sealed class PreviousFactAttribute : FactAttribute
{
    public PreviousFactAttribute()
    {
        if (string.IsNullOrEmpty(Checkout))
            Skip = "It wants the release before, built: tests/upgrade runs it.";
    }

    /// <summary>Where its sources lie, with src/Silo, src/Api and src/Agent built (Debug).</summary>
    public static string? Checkout => Environment.GetEnvironmentVariable("CONTROLLER_PREVIOUS");

    /// <summary>The same of a release before that one, of which the agent alone counts; null: there is none.</summary>
    public static string? Older => Environment.GetEnvironmentVariable("CONTROLLER_OLDER");
}
