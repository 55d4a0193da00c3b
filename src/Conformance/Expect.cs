using System.Diagnostics.CodeAnalysis;
using Controller.Conformance.Http;

namespace Controller.Conformance;

/// <summary>What checks say; each throws <see cref="CheckFailedException"/> with what was wanted and what was found.</summary>
public static class Expect
{
    /// <summary>One of these statuses.</summary>
    public static Response Status(Response response, params int[] wanted)
    {
        if (!wanted.Contains(response.Status))
            throw new CheckFailedException($"{string.Join(" or ", wanted)} was wanted: {response}", response);
        return response;
    }

    /// <summary>That it is so; <paramref name="wanted"/> completes the sentence "wanted was …".</summary>
    public static void That([DoesNotReturnIf(false)] bool holds, string wanted, Response? response = null)
    {
        if (!holds)
            throw new CheckFailedException($"Wanted: {wanted}{(response is null ? "" : $": {response}")}");
    }

    /// <summary>The same values, in whatever order.</summary>
    public static void Same(IEnumerable<string> wanted, IEnumerable<string> found, string what, Response? response = null)
    {
        var (missing, more) = (wanted.Except(found).ToArray(), found.Except(wanted).ToArray());
        That(missing.Length + more.Length == 0, $"{what}; missing: {string.Join(' ', missing)}; too many: {string.Join(' ', more)}", response);
    }

    /// <summary>That media type.</summary>
    public static Response Type(Response response, string wanted)
    {
        That(response.Type == wanted, $"the Content-Type {wanted}", response);
        return response;
    }
}
