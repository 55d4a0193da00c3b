namespace Controller.Conformance;

/// <summary>A row does not hold: what was wanted and what was found.</summary>
public sealed class CheckFailedException(string message) : Exception(message);

/// <summary>A row's condition is not met here (a feature that is optional and not offered, a second caller that was not given).</summary>
public sealed class NotApplicableException(string why) : Exception(why);

/// <summary>The endpoint can't be tested at all.</summary>
public sealed class EndpointException(string message) : Exception(message);
