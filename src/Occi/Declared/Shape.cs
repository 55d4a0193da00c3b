using System.Text.Json;
using Occi.Json;

namespace Occi.Declared;

/// <summary>
/// What sort of JSON value stands where. Stricter than the readers of requests: a member that nobody knows is most likely a misspelt one.
/// </summary>
internal sealed class Shape(string file, Complaints complaints)
{
    /// <summary>Whether it is an object with none but these members.</summary>
    public bool Object(JsonPart part, IReadOnlyCollection<string> members)
    {
        if (!part.IsObject)
            return Wrong(part, "an object");
        var strangers = part.Members.Where(m => !members.Contains(m.Key)).ToList();
        foreach (var (name, member) in strangers)
            complaints.Add(file, member, $"expected one of {string.Join(", ", members)}, found the member \"{Unfit.Shorten(name)}\"");
        return strangers.Count == 0;
    }

    /// <summary>The elements of an array; none where the member is missing.</summary>
    public IReadOnlyList<JsonPart> Items(JsonPart? part)
    {
        if (part is null or { IsArray: true })
            return part?.Items ?? [];
        Wrong(part, "an array");
        return [];
    }

    /// <summary>The members of an object; none where it is missing.</summary>
    public IReadOnlyList<KeyValuePair<string, JsonPart>> Members(JsonPart? part)
    {
        if (part is null or { IsObject: true })
            return part?.Members ?? [];
        Wrong(part, "an object");
        return [];
    }

    /// <summary>A string member of an object; null where it is wrong, or missing.</summary>
    public string? Text(JsonPart owner, string name, bool needed = true)
    {
        if (owner[name] is { } member)
            return member.IsString ? member.Text : WrongText(member);
        if (needed)
            complaints.Add(file, owner, $"expected the member {name}, found none");
        return null;
    }

    /// <summary>Strings of an array.</summary>
    public IReadOnlyList<(JsonPart At, string Text)> Texts(JsonPart? part)
    {
        var found = new List<(JsonPart, string)>();
        foreach (var item in Items(part))
        {
            if (item.IsString)
                found.Add((item, item.Text));
            else
                Wrong(item, "a string");
        }
        return found;
    }

    /// <summary>A boolean member; false where it is missing.</summary>
    public bool Flag(JsonPart owner, string name)
    {
        if (owner[name] is { } member && member.Kind is not (JsonTokenType.True or JsonTokenType.False))
            return Wrong(member, "true or false");
        return owner[name]?.Kind == JsonTokenType.True;
    }

    public bool Wrong(JsonPart part, string wanted)
    {
        complaints.Add(file, part.Expected(wanted));
        return false;
    }

    private string? WrongText(JsonPart part)
    {
        Wrong(part, "a string");
        return null;
    }
}
