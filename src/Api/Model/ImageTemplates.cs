using Controller.Contracts;
using Occi;
using Occi.Infrastructure;

namespace Controller.Api.Model;

/// <summary>
/// How an image looks as a mixin. One that was saved from a compute tells how far it is (decision D-40): in immutable attributes of the provider's own, whose default is the
/// value now.
/// </summary>
internal static class ImageTemplates
{
    private static readonly Attr State = Own("state", AttrType.Enumeration, "Whether computes can be created from the template.") with
    {
        Values = [.. Enum.GetNames<ImageState>().Select(n => n.ToLowerInvariant())],
    };

    private static readonly Attr Message = Own("state.message", AttrType.Text, "Why the state is what it is.");
    private static readonly Attr Origin = Own("origin", AttrType.Text, "The compute that the template was saved from, or the URL that it was imported from.");

    public static TypeId IdOf(ImageView image) => new(ImageView.Scheme, image.Term);

    public static Mixin Of(ImageView image) => OsTemplate.Of(IdOf(image), Titles.Plain(image.Title), attributes: [.. Attributes(image)]);

    private static IEnumerable<Attr> Attributes(ImageView image)
    {
        if (image.Origin is null)
            yield break;
        yield return State with { Default = AttributeValue.Of(image.State.ToString().ToLowerInvariant()) };
        if ((image.Message ?? Progress(image)) is { } message)
            yield return Message with { Default = AttributeValue.Of(message) };
        yield return Origin with { Default = AttributeValue.Of(image.Origin) };
    }

    private static string? Progress(ImageView image) => image.Import switch
    {
        null => null,
        { Received: 0 } => "It has not begun to arrive.",
        { Expected: > 0 and var expected, Received: var received } => FormattableString.Invariant($"{received >> 20} of {expected >> 20} MiB have arrived."),
        { Received: var received } => FormattableString.Invariant($"{received >> 20} MiB have arrived."),
    };

    private static Attr Own(string name, AttrType type, string description) => new(ImageView.AttributePrefix + name, type, description) { Mutable = false };
}
