using System.Text.Json;
using Occi.Json;
using Occi.Text;

namespace Occi;

/// <summary>
/// Writes renderings, in the form that every known consumer reads (parameter order, quoting, full stops in decimals).
/// <paramref name="catalogue"/> tells the types of attributes: an unknown attribute is rendered by its value's own type.
/// <paramref name="authority"/> is the scheme and authority that makes a path an absolute URL, e.g. <c>http://127.0.0.1:8080</c>.
/// Cheap to make: one a request will do. Not every value fits every rendering: see <see cref="Message.Unsendable"/>, or ask
/// <see cref="WhyNot"/>.
/// </summary>
public sealed class OcciWriter(Catalogue catalogue, string authority)
{
    private const string Ok = "OK";   // the body of every text/occi success (GFD.229 §7)

    private readonly Addresses _addresses = new(catalogue, authority);

    /// <summary>
    /// One entity. In text/occi action links come first; a link without <c>occi.core.target.kind</c> gets the <c>rel</c> that its kind tells.
    /// Not for <see cref="Rendering.UriList"/>.
    /// </summary>
    /// <exception cref="ArgumentException">Asked for a URI list.</exception>
    public Message Entity(Representation entity, Rendering rendering) =>
        rendering == Rendering.Json ? Json(json => new EntityWriter(catalogue).Entity(json, entity)) : Text(rendering, Ok, text => text.Entity(entity));

    /// <summary>A listing: locations in the text renderings and the URI list; full objects in JSON, under <c>resources</c> and <c>links</c>.</summary>
    /// <exception cref="ArgumentException">An entity has neither a location, nor a kind of the catalogue and an id to make one of.</exception>
    public Message Entities(IReadOnlyList<Representation> entities, Rendering rendering) => rendering switch
    {
        Rendering.Json => Json(json => Collection(json, entities)),
        Rendering.UriList => new Message(rendering, [], string.Join('\n', entities.Select(_addresses.UrlOf))),
        _ => Text(rendering, Ok, text =>
        {
            foreach (var entity in entities)
                text.Location(entity);
        }),
    };

    /// <summary>
    /// A JSON collection of resources alone, of links alone, or (<paramref name="links"/> null) of whatever the entities are. An empty
    /// collection has to say which it is: <c>{"links":[]}</c> for a kind of link.
    /// </summary>
    public Message Entities(IReadOnlyList<Representation> entities, Rendering rendering, bool? links) =>
        rendering == Rendering.Json && links is { } only
            ? Json(json =>
            {
                json.WriteStartObject();
                Array(json, only ? "links" : "resources", entities, new EntityWriter(catalogue));
                json.WriteEndObject();
            })
            : Entities(entities, rendering);

    /// <summary>Categories, in the order given; titles lose what the rendering can't carry. Not for <see cref="Rendering.UriList"/>.</summary>
    /// <exception cref="ArgumentException">Asked for a URI list.</exception>
    public Message Categories(IEnumerable<Category> categories, Rendering rendering) =>
        rendering == Rendering.Json
            ? Json(json => DefinitionWriter.Categories(json, categories))
            : Text(rendering, Ok, text =>
            {
                foreach (var category in categories)
                    text.Category(category);
            });

    /// <summary>An action invocation: what a client sends, hence without a body in text/occi.</summary>
    /// <exception cref="ArgumentException">Asked for a URI list.</exception>
    public Message Invocation(Invocation invocation, Rendering rendering) =>
        rendering == Rendering.Json
            ? Json(json => EntityWriter.Invocation(json, invocation, catalogue.Find(invocation.Action)?.Attributes ?? []))
            : Text(rendering, "", text => text.Invocation(invocation));

    /// <summary>
    /// Why a written message must not be sent: a value that the rendering can't carry, or more header than <paramref name="headerLimit"/>
    /// octets. Null when it may. A server answers 406 with this text.
    /// </summary>
    public static string? WhyNot(Message message, int headerLimit) =>
        message.Unsendable
        ?? (message.HeaderSize > headerLimit
            ? $"the rendering takes {message.HeaderSize} octets of header, and the limit is {headerLimit}: text/plain and application/occi+json have none"
            : null);

    private Message Text(Rendering rendering, string body, Action<FieldWriter> write)
    {
        if (rendering == Rendering.UriList)
            throw new ArgumentException("text/uri-list renders listings of entities only.", nameof(rendering));
        var output = new FieldOutput(rendering);
        write(new FieldWriter(catalogue, _addresses, output));
        return output.Finish(body);
    }

    private static Message Json(Action<Utf8JsonWriter> write) => new(Rendering.Json, [], JsonOutput.Document(write));

    private void Collection(Utf8JsonWriter json, IReadOnlyList<Representation> entities)
    {
        var writer = new EntityWriter(catalogue);
        var byClass = entities.ToLookup(writer.IsLink);
        json.WriteStartObject();
        Array(json, "resources", byClass[false], writer);
        Array(json, "links", byClass[true], writer);
        json.WriteEndObject();
    }

    private static void Array(Utf8JsonWriter json, string name, IEnumerable<Representation> entities, EntityWriter writer)
    {
        json.WriteStartArray(name);
        foreach (var entity in entities)
            writer.Entity(json, entity);
        json.WriteEndArray();
    }
}
