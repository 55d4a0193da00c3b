using System.Text.RegularExpressions;
using Controller.Api.Http;
using Controller.Api.Model;
using Controller.Contracts;
using Microsoft.Extensions.Options;
using Occi;

namespace Controller.Api.Entities;

/// <summary>Which mixins users may make (GFD.223 §9.3, decision D-49): none that is in the provider's way. What other mixins it gets in the way of, the project's grain knows.</summary>
internal sealed partial class MixinDefinitions(IOptions<MixinOptions> options)
{
    /// <summary>The mixin that a definition describes; its attributes and actions don't count (GFD.185 §3.4.1).</summary>
    public (UserMixin Mixin, Problem? Problem) Read(OcciRequest request, CategoryDefinition sent)
    {
        var location = sent.Location is { } given ? request.PathOf(given) : null;
        var title = string.IsNullOrWhiteSpace(sent.Title) ? null : Titles.Plain(sent.Title);
        if ((OfClass(sent) ?? OfName(request.Model, sent.Id) ?? OfSize(sent.Id, location, title) ?? OfLocation(request.Model, sent.Id, location)) is { } problem)
            return (null!, problem);   // never read where there is a problem, here and below
        // What is for operators takes no mixins.
        if (sent.Applies.FirstOrDefault(a => request.Catalogue.Find(a) is not Kind { ForOperators: false }) is { Term: not null } unknown)
            return (null!, Problems.Invalid($"{sent.Id} applies to {unknown}, which is no kind here."));
        return (new(sent.Id.ToString(), location!, title)
        {
            Depends = [.. sent.Related.Select(r => r.ToString())],
            Applies = [.. sent.Applies.Select(a => a.ToString())],
        }, null);
    }

    private static Problem? OfClass(CategoryDefinition sent) =>
        sent.Class == CategoryClass.Mixin ? null : Problems.Invalid($"{sent.Id} is a {sent.Class.ToString().ToLowerInvariant()}; only mixins can be added.");

    private static Problem? OfName(ProjectModel model, TypeId id)
    {
        if (ProviderNames.Reserves(id.Scheme))
            return Problems.Immutable($"The scheme {id.Scheme} is reserved; a mixin of your own needs a scheme of your own.");
        if (model.IsOwn(id))
            return null;
        if (model.Catalogue.Find(id) is { } taken)
            return Problems.Conflict($"{id} is taken: it is a {taken.Class.ToString().ToLowerInvariant()} of the provider's.");
        return model.Catalogue.All.Any(c => c.Id.Scheme == id.Scheme && !model.IsOwn(c.Id))
            ? Problems.Immutable($"The scheme {id.Scheme} is the provider's; a mixin of your own needs a scheme of your own.")
            : null;
    }

    private Problem? OfSize(TypeId id, string? location, string? title)
    {
        var limits = options.Value;
        return TooLong("scheme", id.Scheme, limits.MaxSchemeLength) ?? TooLong("term", id.Term, limits.MaxTermLength)
            ?? TooLong("location", location ?? "", limits.MaxLocationLength) ?? TooLong("title", title ?? "", limits.MaxTitleLength);

        Problem? TooLong(string what, string text, int most) =>
            text.Length <= most ? null : Problems.Invalid($"The {what} of a mixin has at most {most} characters, found {text.Length} ({id.Term}).");
    }

    private static Problem? OfLocation(ProjectModel model, TypeId id, string? location)
    {
        if (location is null)
            return Problems.Invalid($"{id} needs a location: the path of its collection, such as /{id.Term}/.");
        if (!Path().IsMatch(location))
        {
            return Problems.Invalid(
                $"The location of {id} must be a path here that begins and ends with a slash, of letters, digits and any of -._~:@+ between slashes; found '{location}'.");
        }
        if (ProviderNames.ReservesPath(location))
            return Problems.Invalid($"The location {location} of {id} is one of the server's own paths; take another one.");
        foreach (var category in model.Catalogue.All.Where(c => !model.IsOwn(c.Id)))
        {
            if (Catalogue.LocationOf(category) is not { } other)
                continue;
            if (other == location)
                return Problems.Conflict($"The location {location} of {id} is taken by {category}.");
            // Entities lie below a kind's, templates that are yet to come below a mixin's; and what lies above is a listing of them all.
            if (location.StartsWith(other, StringComparison.Ordinal) || other.StartsWith(location, StringComparison.Ordinal))
                return Problems.Invalid($"The location {location} of {id} lies {(location.Length > other.Length ? "below" : "above")} {other}, which is {category}'s; take another one.");
        }
        return null;
    }

    // No percent-encoding: a request's path is compared decoded. No "." and "..": clients resolve them.
    [GeneratedRegex(@"^/((?!\.{1,2}/)[A-Za-z0-9._~:@+-]+/)+\z", RegexOptions.CultureInvariant)]
    private static partial Regex Path();
}
