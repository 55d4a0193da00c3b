using System.Buffers;
using System.Text;
using System.Text.Json;
using Controller.Api.Entities;
using Controller.Api.Http;
using Controller.Api.Inventory;
using Controller.Api.Model;
using Controller.Contracts;
using Occi;

namespace Controller.Api.Tests;

/// <summary>What is copied from a row's payload is what is rendered of its view, byte for byte.</summary>
public sealed class RowRenderingTests
{
    private const string Infrastructure = "http://schemas.ogf.org/occi/infrastructure#";
    private const string Large = "http://schemas.ogf.org/occi/infrastructure/compute/template/1.1#large";
    private static readonly Guid Project = Guid.NewGuid();
    private static readonly ProjectModel Model = new(StandardModel.Catalogue, []);

    private static EntityView Compute(params (string Name, AttributeValue Value)[] attributes) => new()
    {
        Id = Guid.NewGuid(), Kind = Infrastructure + "compute", Project = Project, Mixins = [Large], Version = 7, Created = DateTimeOffset.UnixEpoch,
        Attributes = attributes.ToDictionary(a => a.Name, a => a.Value), Actions = ["http://schemas.ogf.org/occi/infrastructure/compute/action#stop"],
    };

    private static EntityView Link(params (string Name, AttributeValue Value)[] attributes) => Compute(attributes) with { Kind = Infrastructure + "networkinterface", Mixins = [], Actions = [], Source = Guid.NewGuid() };

    private static AttributeValue T(string text) => AttributeValue.Of(text);

    public static TheoryData<string> Cases => [.. All.Keys];

    private static readonly Dictionary<string, (EntityView View, EntityView[] Links)> All = new()
    {
        ["plain"] = (Compute(("occi.core.title", T("web")), ("occi.compute.cores", AttributeValue.Of(2)), ("occi.compute.state", T("active"))), []),
        ["a decimal without digits behind its point"] = (Compute(("occi.compute.memory", AttributeValue.Of(4)), ("occi.compute.speed", AttributeValue.Of(2.5m))), []),
        ["what payloads escape"] = (Compute(("occi.core.title", T("a \"b\" <c> & ü ☃ \\ \n")), ("occi.core.summary", T("s+'")), ("occi.compute.hostname", T("ö"))), []),
        ["nothing"] = (Compute() with { Mixins = [], Actions = [] }, []),
        ["booleans and documents"] = (Compute(("x.flag", AttributeValue.Of(true)), ("x.json", AttributeValue.OfJson("{\"a\":[1,null,\"ü\"]}"))), []),
        ["links"] = (Compute(("occi.core.title", T("web"))),
        [
            Link(("occi.core.source", T("/compute/1")), ("occi.core.source.kind", T(Infrastructure + "compute")), ("occi.core.target", T("/network/2")), ("occi.core.target.kind", T(Infrastructure + "network")),
                ("occi.networkinterface.mac", T("52:54:00:00:00:01"))),
            Link(("occi.core.source", T("/compute/1")), ("occi.core.target", T("/network/3")), ("occi.core.title", T("ü"))),
        ]),
    };

    [Theory, MemberData(nameof(Cases))]
    public void A_row_is_rendered_as_its_view(string name)
    {
        var (view, links) = All[name];
        Assert.Equal(new OcciWriter(Model.Catalogue, "http://x").Entity(view.Show(Model, links), Rendering.Json).Body, Fast(view, links, isLink: false));
    }

    [Fact]
    public void A_link_is_rendered_as_its_view()
    {
        foreach (var link in All["links"].Links)
            Assert.Equal(new OcciWriter(Model.Catalogue, "http://x").Entity(link.Show(Model, []), Rendering.Json).Body, Fast(link, [], isLink: true));
    }

    [Fact]
    public void What_takes_more_than_copying_leaves_nothing_behind()
    {
        Assert.Null(Fast(Compute(), [], isLink: false, knows: false));                                                 // another project's model
        Assert.Null(Fast(Compute() with { Mixins = ["http://example.org/mine#gone"] }, [], isLink: false));            // a mixin that there is no more
        Assert.Null(Fast(Compute(), [Link(("occi.core.source.kind", T("x")))], isLink: false));                        // the kind of an end without the end
    }

    private static string? Fast(EntityView view, EntityView[] links, bool isLink, bool knows = true)
    {
        using var chunk = new RowChunk();
        using var output = new PooledBuffer(1);
        using var rendering = new RowRendering(output);
        if (knows)
            rendering.Models[Project] = Model;
        output.Write("before"u8);
        (int, int) Add(EntityView one)
        {
            var bytes = JsonSerializer.SerializeToUtf8Bytes(new Row<EntityView>(one), ContractsJson.Default.RowEntityView);
            var offset = chunk.Bytes.Length;
            chunk.Bytes.Write(bytes);
            return (offset, bytes.Length);
        }
        var (offset, length) = Add(view);
        var written = rendering.TryWrite(chunk, new("compute", view.Id, offset, length, links.Length == 0 ? null : Array.ConvertAll(links, Add)), isLink);
        var text = Encoding.UTF8.GetString(output.Written.Span);
        Assert.StartsWith("before", text, StringComparison.Ordinal);
        Assert.Equal(written, text.Length > "before".Length);
        return written ? text["before".Length..] : null;
    }
}
