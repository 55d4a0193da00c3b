namespace Controller.Api.Http;

/// <summary>A kind of refusal: a line of docs/errors.md.</summary>
/// <param name="Name">What programs compare.</param>
/// <param name="Status">HTTP status code.</param>
/// <param name="Meaning">What it means and what to do about it.</param>
internal sealed record ProblemType(string Name, int Status, string Meaning);

/// <summary>A refusal: what was wanted and what was found.</summary>
internal sealed record Problem(ProblemType Type, string Message)
{
    /// <summary>More of it, a line each.</summary>
    public IReadOnlyList<string> Details { get; init; } = [];

    /// <summary>Seconds after which trying again may help.</summary>
    public int? RetryAfter { get; init; }

    /// <summary>The methods that there are, with 405.</summary>
    public string? Allow { get; init; }
}
