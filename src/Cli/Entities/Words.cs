namespace Controller.Cli.Entities;

/// <summary>An attribute as typed: <c>name=value</c>; <c>name=@file</c> takes the file's text, <c>@@</c> stands for one @.</summary>
internal sealed record Assignment(string Name, string Value)
{
    /// <exception cref="CliException">There is no <c>=</c>, or no such file.</exception>
    public static Assignment Parse(string word)
    {
        var equals = word.IndexOf('=', StringComparison.Ordinal);
        if (equals < 1)
            throw new CliException($"an attribute is given as name=value, and this is \"{word}\"", ExitCode.Usage);
        return new(word[..equals], Content(word[(equals + 1)..]));
    }

    private static string Content(string value)
    {
        if (!value.StartsWith('@'))
            return value;
        if (value.StartsWith("@@", StringComparison.Ordinal))
            return value[1..];
        try
        {
            return File.ReadAllText(value[1..]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new CliException($"{value[1..]} can't be read: {e.Message}");
        }
    }
}

/// <summary>
/// A link as typed: <c>TARGET[,name=value…]</c>, where <c>kind</c> and <c>mixin</c> are names of their own. A comma within a value is written twice.
/// </summary>
internal sealed record LinkWords(string Target, string? Kind, IReadOnlyList<string> Mixins, IReadOnlyList<Assignment> Attributes)
{
    /// <exception cref="CliException">A part is no <c>name=value</c>.</exception>
    public static LinkWords Parse(string word)
    {
        var parts = word.Replace(",,", "\0", StringComparison.Ordinal).Split(',').Select(p => p.Replace('\0', ',')).ToArray();
        if (parts[0].Length == 0)
            throw new CliException($"a link begins with its target: TARGET[,name=value…], and this is \"{word}\"", ExitCode.Usage);
        Assignment[] all = [.. parts.Skip(1).Select(Assignment.Parse)];
        return new(
            parts[0], all.LastOrDefault(a => a.Name == "kind")?.Value, [.. all.Where(a => a.Name == "mixin").Select(a => a.Value)],
            [.. all.Where(a => a.Name is not ("kind" or "mixin"))]);
    }
}
