using Occi.Json;

namespace Occi.Declared;

/// <summary>A data file with kinds and mixins.</summary>
/// <param name="Name">What messages call it.</param>
/// <param name="Text">Its content: JSON.</param>
public sealed record ModelFile(string Name, string Text);

/// <summary>What is wrong with a data file.</summary>
/// <param name="File">Its name.</param>
/// <param name="Path">JSON path of the place.</param>
/// <param name="Message">What was wanted and what was found.</param>
public sealed record ModelProblem(string File, string Path, string Message)
{
    /// <summary>One line for people.</summary>
    public override string ToString() => $"{File}, {Path}: {Message}";
}

/// <summary>A model, or all that stands in its way.</summary>
/// <param name="Model">Null where there are problems.</param>
/// <param name="Problems">Empty where there is a model.</param>
public sealed record LoadedModel(DeclaredModel? Model, IReadOnlyList<ModelProblem> Problems);

/// <summary>Collects problems: one run tells all of them.</summary>
internal sealed class Complaints
{
    private readonly List<ModelProblem> _all = [];

    public IReadOnlyList<ModelProblem> All => _all;

    public void Add(string file, JsonPart at, string message) => _all.Add(new(file, at.Path, message));

    public void Add(string file, ParseError error) => _all.Add(new(file, error.Where, error.Message));
}
