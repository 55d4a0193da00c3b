namespace Controller.Conformance.Checks;

/// <summary>Rows about what a black box can't bring about.</summary>
internal static class Conditional
{
    public static Task NotProvoked(string why) => throw new NotApplicableException(why);
}
