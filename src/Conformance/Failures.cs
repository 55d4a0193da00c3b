namespace Controller.Conformance;

/// <summary>A row does not hold: what was wanted and what was found.</summary>
public sealed class CheckFailedException(string message, Http.Response? found = null) : Exception(message)
{
    /// <summary>Whether it was a creation that was refused for the moment: what earlier rows left may take its room until it is gone.</summary>
    public bool MayPass => found is { Status: 409 or 503 } && found.Request.StartsWith("POST ", StringComparison.Ordinal) && !found.Request.Contains("?action=", StringComparison.Ordinal);
}

/// <summary>A row's condition is not met here (a feature that is optional and not offered, a second caller that was not given).</summary>
public sealed class NotApplicableException(string why) : Exception(why);

/// <summary>The endpoint can't be tested at all.</summary>
public sealed class EndpointException(string message) : Exception(message);
