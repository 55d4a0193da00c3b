using System.Text;
using Occi;
using Occi.Core;

namespace Controller.Cli.Entities;

/// <summary>What a representation says, by attribute name.</summary>
internal static class RepresentationText
{
    /// <summary>An attribute's text; null when it is not there.</summary>
    public static string? Text(this Representation entity, string attribute) =>
        entity.Attributes.TryGetValue(attribute, out var value) ? value.Text : null;

    /// <summary>The UUID in <c>occi.core.id</c>; empty when it is not there.</summary>
    public static string Uuid(this Representation entity) =>
        entity.Text(CoreKinds.Id.Name) is { } id ? id[(id.LastIndexOf(':') + 1)..] : "";
}

/// <summary>OCCI over HTTP, in its JSON rendering.</summary>
internal sealed class OcciClient(ApiClient api)
{
    // Values carry their types, and a client knows the server's categories only from the server: no catalogue is needed to write.
    private static readonly Catalogue None = new([], []);

    private readonly OcciWriter _writer = new(None, api.Endpoint.GetLeftPart(UriPartial.Authority));

    /// <summary>The HTTP client below.</summary>
    public ApiClient Api { get; } = api;

    /// <summary>What the query interface shows.</summary>
    public async Task<Model> Model(CancellationToken cancel)
    {
        var text = await Api.Text(HttpMethod.Get, "/-/", null, ApiClient.OcciJson, cancel);
        return new(Read(OcciReader.Categories(Json(text)), "/-/"));
    }

    /// <summary>The members of a collection.</summary>
    public async Task<IReadOnlyList<Representation>> List(string path, CancellationToken cancel) =>
        Read(OcciReader.Entities(Json(await Api.Text(HttpMethod.Get, path, null, ApiClient.OcciJson, cancel))), path);

    /// <summary>One entity; null when there is none.</summary>
    public async Task<Representation?> Find(string path, CancellationToken cancel)
    {
        try
        {
            return (await List(path, cancel)).SingleOrDefault();
        }
        catch (RefusedException e) when (e.Status == 404)
        {
            return null;
        }
    }

    /// <summary>Creates an entity and answers it as the server shows it.</summary>
    public Task<Representation> Create(string path, Representation entity, CancellationToken cancel) => Post(path, entity, cancel);

    /// <summary>Changes the attributes that are given, and answers the entity as the server shows it.</summary>
    public Task<Representation> Update(string path, Representation changes, CancellationToken cancel) => Post(path, changes, cancel);

    private async Task<Representation> Post(string path, Representation entity, CancellationToken cancel)
    {
        var text = await Api.Text(HttpMethod.Post, path, Content(_writer.Entity(entity, Rendering.Json)), ApiClient.OcciJson, cancel);
        return Read(OcciReader.Entities(Json(text)), path) is [var made, ..] ? made : throw new CliException($"POST {path} was answered without an entity");
    }

    /// <summary>Invokes an action. A mixin that was made by it (save makes an OS template); null for most.</summary>
    public async Task<CategoryDefinition?> Invoke(string path, Invocation invocation, CancellationToken cancel)
    {
        using var content = Content(_writer.Invocation(invocation, Rendering.Json));
        var text = await Api.Text(HttpMethod.Post, $"{path}?action={Uri.EscapeDataString(invocation.Action.Term)}", content, ApiClient.OcciJson, cancel);
        // Most servers answer with the entity, whose mixins are named only; some with nothing.
        return OcciReader.Categories(Json(text)) is { Ok: true, Value: { } sent } ? sent.FirstOrDefault(c => c is { Class: CategoryClass.Mixin, Location: not null }) : null;
    }

    /// <summary>Deletes an entity.</summary>
    public Task Delete(string path, CancellationToken cancel) => Api.Text(HttpMethod.Delete, path, null, ApiClient.OcciJson, cancel);

    private static StringContent Content(Message message) => new(message.Body, Encoding.UTF8, ApiClient.OcciJson);

    private static Message Json(string body) => new(Rendering.Json, [], body);

    private static T Read<T>(Parsed<T> parsed, string path) =>
        parsed.Ok ? parsed.Value! : throw new CliException($"{path} was answered with something that can't be read: {parsed.Error}");
}
