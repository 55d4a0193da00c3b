using System.Diagnostics.CodeAnalysis;

namespace Occi;

/// <summary>A category's type identifier: scheme and term, written as their plain concatenation (GFD.221 §5.3.1). Compared exactly.</summary>
/// <param name="Scheme">Ends in <c>#</c>.</param>
/// <param name="Term">What follows the <c>#</c>.</param>
public readonly record struct TypeId(string Scheme, string Term)
{
    /// <summary>Splits an identifier after its last <c>#</c>. False when there is none, or nothing on one of its sides.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out TypeId id)
    {
        var hash = text?.LastIndexOf('#') ?? -1;
        var ok = hash > 0 && hash < text!.Length - 1;
        id = ok ? new(text![..(hash + 1)], text[(hash + 1)..]) : default;
        return ok;
    }

    /// <summary>Scheme and term, concatenated.</summary>
    public override string ToString() => Scheme + Term;
}
