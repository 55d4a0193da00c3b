using Controller.Api.Http;
using Controller.Api.Identity;
using Controller.Api.Model;
using Microsoft.Extensions.Options;

namespace Controller.Api.Entities;

/// <summary>
/// From URL to endpoint, by the catalogue: locations come and go with mixins, so there are no fixed routes. Which methods a URL has stands in
/// <see cref="MethodsOf"/> alone; HEAD, OPTIONS and 405 follow from it.
/// </summary>
internal sealed class Dispatcher(
    Catalogues catalogues, QueryInterface queryInterface, KindCollection kinds, MixinCollection mixins, Entity entities, Listing listing, Creation creation,
    ReplyWriter writer, IOptions<ApiOptions> options)
{
    private delegate Task<Reply> Handler(OcciRequest request);

    public async Task Handle(HttpContext http)
    {
        var path = http.Request.Path.Value is { Length: > 0 } given ? given : "/";
        var caller = http.Caller();
        var model = (await catalogues.Of(caller.Project, http.RequestAborted)).For(caller.Role);
        var target = Target.Of(path, model.Catalogue)
            ?? Target.Of(path, (model = (await catalogues.Fresh(caller.Project, http.RequestAborted)).For(caller.Role)).Catalogue);   // a mixin that was just added
        var (media, problem) = Negotiation.Choose(http.Request.Headers.Accept, target?.IsListing ?? false);
        if (target is null)
        {
            await ReplyWriter.Write(http, Problems.NotFound(path), media ?? MediaType.TextPlain);
            return;
        }
        if (media is null)
        {
            await ReplyWriter.Write(http, problem!, MediaType.TextPlain);   // one of the two is there
            return;
        }
        var request = new OcciRequest(http, caller, media, model, AuthorityOf(http.Request), new QueryArguments(http.Request.QueryString.Value))
        {
            Limits = options.Value.Limits,
        };
        await writer.Write(http, await Answer(target, request), media);
    }

    private Task<Reply> Answer(Target target, OcciRequest request)
    {
        var asked = request.Http.Request.Method;
        var method = HttpMethods.IsHead(asked) ? HttpMethods.Get : asked;
        if (Access.ToOcci(request.Caller, method) is { } forbidden)
            return Task.FromResult<Reply>(forbidden);
        // Who says DELETE with it does not mean everything that it would not find.
        if (method != HttpMethods.Get && request.Query[Listing.TitleArgument] is not null)
            return Task.FromResult<Reply>(Problems.BadQuery($"title finds entities in a list, with GET; found {asked}. Name what is meant by its URL."));
        var action = request.Query["action"];
        if (request.Caller.Project == Guid.Empty && action is null && Makes(target, method))
            return Task.FromResult<Reply>(ProjectChoice.Needed(request.Http.Arrival().Projects));
        var methods = MethodsOf(target, action is not null);
        if (methods.FirstOrDefault(m => m.Name == method).Handle is { } handle)
            return handle(request);
        var allow = string.Join(", ", methods.Select(m => m.Name).Concat(methods.Any(m => m.Name == "GET") ? ["HEAD", "OPTIONS"] : ["OPTIONS"]));
        return Task.FromResult(HttpMethods.IsOptions(method)
            ? new Reply(StatusCodes.Status200OK) { Allow = allow }
            : (Reply)Problems.MethodNotAllowed(asked, request.Path + (action is null ? "" : "?action=" + action), allow));
    }

    /// <summary>Whether it may make something, which has to be some project's.</summary>
    private static bool Makes(Target target, string method) => target switch
    {
        Target.KindCollection or Target.Unbound or Target.QueryInterface => HttpMethods.IsPost(method),
        Target.Entity or Target.NoEntity => HttpMethods.IsPut(method),
        _ => false,
    };

    private (string Name, Handler Handle)[] MethodsOf(Target target, bool action) => (target, action) switch
    {
        (Target.Entity t, true) => [("POST", r => entities.Invoke(r, t))],
        // They are no project's: nobody means all of them.
        (Target.KindCollection { Kind.ForOperators: true }, true) => [],
        (Target.KindCollection t, true) => [("POST", r => kinds.Invoke(r, t.Kind))],
        (Target.MixinCollection t, true) => [("POST", r => mixins.Invoke(r, t.Mixin))],
        (_, true) => [],
        (Target.QueryInterface, _) => [("GET", queryInterface.Get), ("POST", queryInterface.Add), ("DELETE", queryInterface.Remove)],
        (Target.KindCollection { Kind.ForOperators: true } t, _) => [("GET", r => kinds.Get(r, t.Kind)), ("POST", r => creation.Create(r, t.Kind))],
        (Target.KindCollection t, _) => [("GET", r => kinds.Get(r, t.Kind)), ("POST", r => creation.Create(r, t.Kind)), ("DELETE", r => kinds.Delete(r, t.Kind))],
        (Target.MixinCollection t, _) =>
        [
            ("GET", r => mixins.Get(r, t.Mixin)), ("POST", r => mixins.Add(r, t.Mixin)),
            ("PUT", r => mixins.Replace(r, t.Mixin)), ("DELETE", r => mixins.Remove(r, t.Mixin)),
        ],
        (Target.Entity t, _) =>
        [
            ("GET", r => entities.Get(r, t)), ("POST", r => entities.Update(r, t)),
            ("PUT", r => entities.Put(r, t)), ("DELETE", r => entities.Delete(r, t)),
        ],
        (Target.NoEntity t, _) => [("GET", NotThere), ("POST", NotThere), ("PUT", r => Entity.Unnameable(r, t.Kind)), ("DELETE", NotThere)],
        (Target.Unbound { Prefix: "/" } t, _) =>
            [("GET", r => listing.Below(r, t.Prefix)), ("POST", r => creation.Create(r, null)), ("DELETE", r => kinds.DeleteBelow(r, t.Prefix))],
        (Target.Unbound t, _) => [("GET", r => listing.Below(r, t.Prefix))],
        _ => throw new ArgumentOutOfRangeException(nameof(target), target, "no such sort of URL"),
    };

    private static Task<Reply> NotThere(OcciRequest request) => Task.FromResult<Reply>(Problems.NotFound(request.Path));

    private string AuthorityOf(HttpRequest request) => options.Value.PublicUrl?.TrimEnd('/') ?? $"{request.Scheme}://{request.Host}";
}

internal static class OcciExtensions
{
    public static void AddOcci(this WebApplicationBuilder builder) => builder.Services
        .AddSingleton<ReplyWriter>()
        .AddSingleton<QueryInterface>()
        .AddSingleton<UserMixins>()
        .AddSingleton<MixinDefinitions>()
        .AddSingleton<KindCollection>()
        .AddSingleton<MixinCollection>()
        .AddSingleton<Sightings>()
        .AddSingleton<Entity>()
        .AddSingleton<Listing>()
        .AddSingleton<Actions>()
        .AddSingleton<Locations>()
        .AddSingleton<DeclaredLinks>()
        .AddSingleton<Membership>()
        .AddSingleton<Planning>()
        .AddSingleton<Deletion>()
        .AddSingleton<Creation>()
        .AddSingleton<Dispatcher>();

    /// <summary>Whatever no other route takes.</summary>
    public static void MapOcci(this WebApplication app) =>
        app.MapFallback("{**path}", app.Services.GetRequiredService<Dispatcher>().Handle);
}
