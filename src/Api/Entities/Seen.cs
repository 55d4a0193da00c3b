using System.Text;
using Controller.Api.Http;
using Controller.Api.Model;
using Controller.Contracts;
using Occi;

namespace Controller.Api.Entities;

/// <summary>An entity as its grain showed it, and how that was rendered since.</summary>
/// <param name="stamp">Of the sight (<see cref="Sight.Stamp"/>); 0: it is not one that a grain would know again.</param>
/// <param name="view">What it looks like.</param>
internal sealed class Seen(long stamp, EntityView view)
{
    // Each rendering for a project's members and for operators, under one name of the server. It says Host: whoever makes names up makes others' forgotten, and nothing grow.
    private const int MostRenderings = 8;

    private volatile Rendered[] _rendered = [];

    public long Stamp => stamp;

    public EntityView View => view;

    /// <summary>Bytes that it takes, and its renderings may; roughly.</summary>
    public long Size => 2 * MostRenderings * CharactersOf(view);

    /// <summary>How it was rendered before; null: it was not, or its project had other categories then.</summary>
    public Rendered? Find(ProjectModel model, Rendering rendering, string authority)
    {
        foreach (var one in _rendered)
        {
            if (one.Model == model.Number && one.Rendering == rendering && one.Authority == authority)
                return one;
        }
        return null;
    }

    /// <summary>Renders it anew.</summary>
    public Rendered Render(OcciRequest request)
    {
        var message = request.Writer.Entity(view.Show(request.Model), request.Rendering);
        return new(request.Model.Number, request.Rendering, request.Authority, message, message.Body.Length == 0 ? null : Encoding.UTF8.GetBytes(message.Body), Showing.TagOf(view, request.Rendering));
    }

    /// <summary>Keeps a rendering. Of two that come at once one may be lost, and is made again.</summary>
    public void Keep(Rendered rendered) => _rendered = [rendered, .. _rendered.Take(MostRenderings - 1)];

    private static long CharactersOf(EntityView view) =>
        256 + view.Attributes.Sum(a => 64 + a.Key.Length + a.Value.Text.Length) + view.Mixins.Concat(view.Actions).Sum(m => 64 + m.Length) + view.Links.Sum(CharactersOf);
}

/// <summary>A rendering of an entity, by the categories of a project as they were then.</summary>
internal sealed record Rendered(long Model, Rendering Rendering, string Authority, Message Message, byte[]? Body, string Tag)
{
    public Reply Reply { get; } = Reply.Ok(Message) with { Encoded = Body, ETag = Tag };

    /// <summary>For who has it already.</summary>
    public Reply NotModified => new(StatusCodes.Status304NotModified) { ETag = Tag };
}
