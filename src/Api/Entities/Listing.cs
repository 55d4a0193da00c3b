using System.Buffers;
using System.Collections.Frozen;
using System.Text;
using System.Text.Json.Nodes;
using Controller.Api.Http;
using Controller.Api.Identity;
using Controller.Api.Inventory;
using Controller.Api.Model;
using Controller.Contracts;
using Microsoft.Extensions.Options;
using Occi;
using Occi.Core;

namespace Controller.Api.Entities;

/// <summary>Listings of entities, whatever the collection: filtered (GFD.223 §7), paged (§6), in creation order, from the inventory.</summary>
internal sealed class Listing(EntityRows inventory, Catalogues catalogues, IOptions<ApiOptions> options)
{
    /// <summary>The argument of a listing that finds entities by part of their title: an extension, since OCCI's filters compare whole values.</summary>
    public const string TitleArgument = "title";

    private const int LongestTitleArgument = 255;

    /// <summary>So many entities are read, rendered and sent at a time.</summary>
    private const int Piece = 1000;

    // Attributes whose value a row has in a column of its own.
    private static readonly FrozenSet<string> States =
        ((string[])["compute", "storage", "network", "networkinterface", "storagelink"]).Select(StateOf).ToFrozenSet();

    private static string StateOf(string term) => $"occi.{term}.state";

    /// <summary>The entities of a kind and its descendants.</summary>
    public Task<Reply> OfKind(OcciRequest request, Kind kind) => List(
        request, new() { Terms = request.Catalogue.TermsBelow(kind), Project = Access.Listed(request.Http) }, links: kind.Is(CoreKinds.Link));

    /// <summary>The entities that have a mixin, or one that depends on it.</summary>
    public Task<Reply> OfMixin(OcciRequest request, Mixin mixin) =>
        List(request, new() { Terms = Everything(request), Mixins = [Dependants(request.Catalogue, mixin)], Project = Sight(request, mixin) });

    /// <summary>The union of the collections below a path (GFD.223 §4.1).</summary>
    public Task<Reply> Below(OcciRequest request, string prefix)
    {
        var terms = TermsBelow(request.Catalogue, prefix);
        // Where kinds lie below, so do all of their entities, with whatever mixin.
        Mixin[] mixins = terms.Length > 0 ? [] : [.. request.Catalogue.Mixins.Where(m => IsBelow(m, prefix))];
        return List(request, new()
        {
            Terms = terms.Length > 0 ? terms : Everything(request),
            Mixins = terms.Length > 0 ? [] : [[.. mixins.Select(m => m.Id.ToString())]],
            Project = Sight(request, mixins),
        });
    }

    /// <summary>The members of the collection that a change by the caller is about: of its own project only, an admin's too.</summary>
    public Task<List<EntityRow>> Members(OcciRequest request, Kind? kind, Mixin? mixin) => inventory.List(
        new()
        {
            Terms = kind is null ? Everything(request) : request.Catalogue.TermsBelow(kind),
            Mixins = mixin is null ? [] : [[mixin.Id.ToString()]],
            Project = request.Caller.Project,
        },
        views: false, request.Aborted);

    /// <summary>The same, of all kinds below a path.</summary>
    public Task<List<EntityRow>> MembersBelow(OcciRequest request, string prefix) =>
        inventory.List(new() { Terms = TermsBelow(request.Catalogue, prefix), Project = request.Caller.Project }, views: false, request.Aborted);

    public static bool IsBelow(Category category, string prefix) => Catalogue.LocationOf(category)?.StartsWith(prefix, StringComparison.Ordinal) == true;

    private static string[] TermsBelow(Catalogue catalogue, string prefix) =>
        [.. catalogue.Kinds.Where(k => IsBelow(k, prefix)).SelectMany(catalogue.TermsBelow).Distinct()];

    private async Task<Reply> List(OcciRequest request, EntityQuery all, bool? links = null)
    {
        var (page, badPage) = Page.Parse(request.Query, options.Value.MaxPageSize);
        if (badPage is not null)
            return badPage;
        var titled = request.Query[TitleArgument];
        if (titled is { Length: 0 or > LongestTitleArgument })
            return Problems.BadQuery($"title must be part of a title, 1 to {LongestTitleArgument} characters; found {titled.Length}.");
        if (titled is not null && titled.AsSpan().IndexOfAnyInRange('\0', '\x1f') is >= 0 and var odd)
            return Problems.BadQuery($"title must be part of a title, which has no control characters; found U+{(int)titled[odd]:X4}.");
        var (query, badFilter) = await Filter(request, all with { Page = page, Titled = titled, Unowned = Access.SeesUnowned(request.Caller) });
        if (badFilter is not null)
            return badFilter;
        var full = request.Rendering == Rendering.Json;
        if (links is { } ofLinks && request.Rendering != Rendering.TextOcci && HttpMethods.IsGet(request.Http.Request.Method))
            return Reply.Ok(new Message(request.Rendering, [], "")) with { Pieces = Pieces(request, query, ofLinks) };
        var rows = await inventory.List(query, full, request.Aborted);
        return Reply.Ok(request.Writer.Entities(full ? await InFull(request, rows) : [.. rows.Select(r => Locate(request, r))], request.Rendering, links));
    }

    /// <summary>
    /// A collection piece by piece, so that its size is nobody's memory, and no connection to the database waits for a slow reader. Each piece is as of when it is read; in creation order, so that
    /// nothing comes twice.
    /// </summary>
    private async IAsyncEnumerable<PooledBuffer> Pieces(OcciRequest request, EntityQuery query, bool ofLinks)
    {
        var json = request.Rendering == Rendering.Json;
        using var chunk = new RowChunk();
        using var output = new PooledBuffer(64 * 1024);
        using var rendering = new RowRendering(output);
        var prefixes = new Dictionary<string, byte[]>();
        var (left, first) = (query.Page?.Size ?? int.MaxValue, true);
        if (json)
            output.Write(ofLinks ? "{\"links\":["u8 : "{\"resources\":["u8);
        do
        {
            var most = Math.Min(left, Piece);
            await inventory.Next(query, json, !ofLinks, chunk, most, request.Aborted);
            foreach (var row in chunk.Rows)
            {
                if (!first)
                    output.Write(json ? ","u8 : "\n"u8);
                first = false;
                if (json)
                    await Object(request, rendering, output, chunk, row, ofLinks);
                else
                    Place(request, prefixes, output, row);
            }
            left -= most;
            output.MoreToCome = chunk.Rows.Count == most && left > 0;
            if (json && !output.MoreToCome)
                output.Write("]}"u8);
            yield return output;
            output.TakeBack(0);
        }
        while (output.MoreToCome);
    }

    /// <summary>A row's JSON: copied where it can be, else made of its view.</summary>
    private async ValueTask Object(OcciRequest request, RowRendering rendering, PooledBuffer output, RowChunk chunk, RowChunk.Row row, bool isLink)
    {
        if (rendering.TryWrite(chunk, row, isLink))
            return;
        if (EntityRows.ViewIn(chunk.Bytes.Span(row.Offset, row.Length)) is not { } view)
            throw new InvalidDataException($"The row of {row.Term} {row.Id} has no view.");
        var links = (row.Links ?? []).Select(l => EntityRows.ViewIn(chunk.Bytes.Span(l.Offset, l.Length))).OfType<EntityView>().ToArray();
        var model = await catalogues.Showing(view.Project, links.Append(view), request.Aborted);
        if (!rendering.Models.TryGetValue(view.Project, out var known) || known != model)
        {
            rendering.Models[view.Project] = model;
            if (rendering.TryWrite(chunk, row, isLink))
                return;
        }
        output.Write(Encoding.UTF8.GetBytes(new OcciWriter(model.Catalogue, request.Authority).Entity(view.Show(model, links), Rendering.Json).Body));
    }

    /// <summary>Where an entity is, as the text rendering or the URI list says it.</summary>
    private static void Place(OcciRequest request, Dictionary<string, byte[]> prefixes, PooledBuffer output, RowChunk.Row row)
    {
        if (!prefixes.TryGetValue(row.Term, out var prefix))
        {
            var location = request.Authority + request.Catalogue.KindOf(row.Term)!.Location;   // the query asked for the catalogue's terms only
            prefixes[row.Term] = prefix = Encoding.UTF8.GetBytes(request.Rendering == Rendering.TextPlain ? "X-OCCI-Location: " + location : location);
        }
        output.Write(prefix);
        row.Id.TryFormat(output.GetSpan(36), out var length, "D");
        output.Advance(length);
    }

    private static Representation Locate(OcciRequest request, EntityRow row) =>
        Showing.Locate(request.Catalogue.KindOf(row.Term)!, row.Id);   // the query asked for the catalogue's terms only

    // The links of all resources at once, not a query each.
    private async Task<Representation[]> InFull(OcciRequest request, List<EntityRow> rows)
    {
        var links = await inventory.LinksOf([.. rows.Select(r => r.Id)], request.Aborted);
        var views = rows.Select(r => r.View).OfType<EntityView>().ToList();
        var models = new Dictionary<Guid, ProjectModel>();   // an admin's listing is of many projects
        foreach (var project in views.GroupBy(v => v.Project))
            models[project.Key] = await catalogues.Showing(project.Key, project.Concat(project.SelectMany(v => links[v.Id])), request.Aborted);
        return [.. views.Select(v => v.Show(models[v.Project], links[v.Id]))];
    }

    private async Task<(EntityQuery Query, Problem? Problem)> Filter(OcciRequest request, EntityQuery query)
    {
        if (request.Fields.Count == 0)
            return (query, null);
        var parsed = OcciReader.Filter(request.Fields, request.Limits);
        if (!parsed.Ok)
            return (query, Problems.BadRendering(parsed.Error!));
        var filter = parsed.Value!;
        request.Model = await catalogues.Knowing(request.Model, request.Caller.Project, filter.Categories, request.Aborted);
        foreach (var id in filter.Categories)
        {
            switch (request.Catalogue.Find(id))
            {
                case Kind kind:
                    query = query with { Terms = [.. query.Terms.Intersect(request.Catalogue.TermsBelow(kind))] };
                    break;
                case Mixin mixin:
                    query = query with { Mixins = [.. query.Mixins, Dependants(request.Catalogue, mixin)], Project = request.Model.IsOwn(mixin.Id) ? request.Caller.Project : query.Project };
                    break;
                default:
                    return (query, Problems.Invalid($"The filter names {id}, which is no kind or mixin here."));
            }
        }
        return filter.Attributes.Count == 0 ? (query, null) : OfAttributes(request, query, filter.Attributes);
    }

    // The type of the definition decides, so 2 finds 2.0, and "2" too where a number is meant (decision D-17).
    private static (EntityQuery Query, Problem? Problem) OfAttributes(
        OcciRequest request, EntityQuery query, IReadOnlyDictionary<string, AttributeValue> wanted)
    {
        var json = new JsonObject();
        foreach (var (name, sent) in wanted)
        {
            if (request.Catalogue.FindAttribute(name) is not { } definition)
                return (query, Problems.Invalid($"The filter names the attribute {name}, which no kind or mixin has."));
            var (value, wrong) = Check.Value(definition, sent);
            if (wrong is not null)
                return (query, Problems.From(wrong));
            // What has a column need not be looked for in the payload: the same statement wrote both.
            if (name == CoreKinds.Title.Name)
                query = query with { Title = value.Text };
            else if (States.Contains(name))
                query = query with { State = value.Text, Terms = [.. query.Terms.Where(t => name == StateOf(t))] };
            else if (name != CoreKinds.Id.Name)
                json[name] = NodeOf(request, definition, value);
            // The id is no stored attribute but the row's own column.
            else if (EntityIds.TryParse(value.Text, out var id))
                query = query with { Id = id };
            else
                query = query with { Terms = [] };
        }
        return (json.Count == 0 ? query : query with { Attributes = json.ToJsonString() }, null);
    }

    private static JsonNode? NodeOf(OcciRequest request, Attr definition, AttributeValue value) => value.Type switch
    {
        Occi.ValueType.Number => JsonValue.Create(value.AsNumber()),
        Occi.ValueType.Boolean => JsonValue.Create(value.AsBoolean()),
        Occi.ValueType.Json => JsonNode.Parse(value.Text),
        _ => JsonValue.Create(definition.Type == AttrType.Uri ? request.PathOf(value.Text) : value.Text),
    };

    // A mixin of the project's own says nothing about others' entities, even if an admin asks: theirs may have one of the same name.
    private static Guid? Sight(OcciRequest request, params Mixin[] mixins) =>
        mixins.Any(m => request.Model.IsOwn(m.Id)) ? request.Caller.Project : Access.Listed(request.Http);

    private static string[] Everything(OcciRequest request) => request.Catalogue.TermsBelow(CoreKinds.Entity);

    private static string[] Dependants(Catalogue catalogue, Mixin mixin) =>
        [.. catalogue.Mixins.Where(m => m.Closure.Contains(mixin)).Select(m => m.Id.ToString())];
}
