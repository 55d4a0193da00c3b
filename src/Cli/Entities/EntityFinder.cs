using Occi;
using Occi.Core;

namespace Controller.Cli.Entities;

/// <summary>Finds the entity that somebody means: by path, URL, UUID, title, or the beginning of its UUID.</summary>
internal sealed class EntityFinder(OcciClient client, Model model)
{
    private const int ShortestPrefix = 3;
    private IReadOnlyList<Representation>? _all;

    /// <summary>The entity.</summary>
    /// <exception cref="CliException">None is meant, or more than one.</exception>
    public async Task<Representation> Find(string name, CancellationToken cancel) =>
        await TryFind(name, cancel) ?? throw new CliException($"there is no entity with the path, id or title \"{name}\"", "\"controller occi list /\" shows what there is in your project; CONTROLLER_PROJECT chooses another one");

    /// <summary>As <see cref="Find"/>; null when none is meant.</summary>
    public async Task<Representation?> TryFind(string name, CancellationToken cancel)
    {
        if (Uri.TryCreate(name, UriKind.Absolute, out var url) && url.Scheme is "http" or "https")
            return await client.Find(url.AbsolutePath, cancel);
        if (name.StartsWith('/'))
            return await client.Find(name, cancel);
        const string urn = "urn:uuid:";
        var id = name.StartsWith(urn, StringComparison.OrdinalIgnoreCase) ? name[urn.Length..] : name;
        if (Guid.TryParseExact(id, "D", out var uuid))
            return await ById(uuid, cancel);

        _all ??= await client.List("/", cancel);
        Representation[] found = [.. _all.Where(e => e.Text(CoreKinds.Title.Name) == name)];
        if (found.Length == 0 && id.Length >= ShortestPrefix)
            found = [.. _all.Where(e => e.Uuid().StartsWith(id, StringComparison.OrdinalIgnoreCase))];
        return found switch
        {
            [] => null,
            [var one] => one,
            _ => throw new CliException($"\"{name}\" is ambiguous: {string.Join(", ", found.Take(8).Select(model.PathOf))}{(found.Length > 8 ? ", …" : "")}"),
        };
    }

    private async Task<Representation?> ById(Guid id, CancellationToken cancel)
    {
        foreach (var kind in model.Collections.Where(k => k.Id.Scheme != CoreKinds.Scheme))
        {
            if (await client.Find($"{kind.Location}{id:D}", cancel) is { } found)
                return found;
        }
        return null;
    }
}
