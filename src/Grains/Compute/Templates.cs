using System.Globalization;
using System.Text;
using Controller.Contracts;
using Occi;

namespace Controller.Grains.Compute;

/// <summary>The OS templates that computes are made from, and that are made from computes.</summary>
internal sealed class Templates(IGrainFactory grains)
{
    private const string Nameless = "saved";
    private const int LongestTerm = 63;
    private const int LongestTitle = 200;

    public IImageGrain Image(string term) => grains.GetGrain<IImageGrain>("image/" + term);

    /// <summary>Those among mixins.</summary>
    public static IEnumerable<string> In(string[] mixins) => mixins.Where(m => m.StartsWith(ImageView.Scheme, StringComparison.Ordinal));

    /// <summary>What a template says of itself is no attribute of the machines made from it.</summary>
    public static Dictionary<string, AttributeValue> Without(Dictionary<string, AttributeValue> attributes) =>
        attributes.Keys.Any(IsOfImage) ? attributes.Where(a => !IsOfImage(a.Key)).ToDictionary() : attributes;

    /// <summary>The image of a new compute's template, if it has one; or why that cannot be used.</summary>
    public async Task<(ImageView? Image, Outcome? Unusable)> Of(CreateEntity command)
    {
        return In(command.Mixins).FirstOrDefault() is { } mixin ? await Usable(mixin[ImageView.Scheme.Length..], command.Caller) : (null, null);
    }

    /// <summary>An image, if that caller can use it now; or why not.</summary>
    public async Task<(ImageView? Image, Outcome? Unusable)> Usable(string term, Caller caller)
    {
        var image = await Image(term).View();
        return image switch
        {
            null => (null, new(OutcomeKind.Invalid, $"There is no image {term}.")),
            _ when !image.IsFor(caller) => (null, new(OutcomeKind.Invalid, $"There is no image {term}.")),
            { State: ImageState.Ready } => (image, null),
            { State: ImageState.Pending } => (null, new(OutcomeKind.Conflict, $"The OS template {term} is not ready yet: it is on its way from {image.Origin}.")),
            _ => (null, new(OutcomeKind.Conflict, $"The OS template {term} cannot be used: {image.Message}")),
        };
    }

    /// <summary>A term that nobody has, as like to the wish as can be.</summary>
    public async Task<string> FreeTerm(string wish)
    {
        const int mostCounted = 20;
        var term = TermOf(wish);
        if (await Image(term).View() is null)
            return term;
        for (var count = 2; count <= mostCounted; count++)
        {
            var counted = Suffixed(term, count.ToString(CultureInfo.InvariantCulture));
            if (await Image(counted).View() is null)
                return counted;
        }
        return Suffixed(term, Guid.NewGuid().ToString("N")[..12]);
    }

    /// <summary>Lower-case letters, digits, - and _, beginning with a letter: what every known client reads (decision D-28).</summary>
    internal static string TermOf(string wish)
    {
        var term = new StringBuilder();
        foreach (var c in wish.ToLowerInvariant())
        {
            if (char.IsAsciiLetterLower(c) || (term.Length > 0 && (char.IsAsciiDigit(c) || c == '_')))
                term.Append(c);
            else if (term.Length > 0 && term[^1] != '-')
                term.Append('-');
        }
        var text = term.ToString(0, Math.Min(term.Length, LongestTerm)).TrimEnd('-');
        return text.Length == 0 ? Nameless : text;
    }

    /// <summary>Without what old clients split titles on (decision D-29), and control characters.</summary>
    internal static string TitleOf(string wish)
    {
        var title = string.Join(' ', new string([.. wish.Select(c => c is ',' or ';' || char.IsControl(c) ? ' ' : c)]).Split(' ', StringSplitOptions.RemoveEmptyEntries));
        return title.Length == 0 ? Nameless : title.Length <= LongestTitle ? title : title[..LongestTitle];
    }

    private static string Suffixed(string term, string suffix) => $"{term[..Math.Min(term.Length, LongestTerm - suffix.Length - 1)].TrimEnd('-')}-{suffix}";

    private static bool IsOfImage(string attribute) => attribute.StartsWith(ImageView.AttributePrefix, StringComparison.Ordinal);
}
