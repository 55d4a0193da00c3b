using Controller.Api.Http;

namespace Controller.Api.Inventory;

/// <summary>Which entities a listing shows: all conditions hold.</summary>
internal sealed record EntityQuery
{
    /// <summary>Terms of the kinds; an entity has one of them.</summary>
    public required string[] Terms { get; init; }

    /// <summary>Sets of mixins' identifiers: an entity has at least one of each set.</summary>
    public IReadOnlyList<string[]> Mixins { get; init; } = [];

    /// <summary>Of that project; null: of all.</summary>
    public required Guid? Project { get; init; }

    /// <summary>Also what belongs to no project: hosts.</summary>
    public bool Unowned { get; init; }

    /// <summary>A JSON object of attributes that an entity has with just these values; null: any.</summary>
    public string? Attributes { get; init; }

    /// <summary>Of that <c>occi.core.title</c>; null: any. A row's column has it.</summary>
    public string? Title { get; init; }

    /// <summary>With that somewhere in its <c>occi.core.title</c>, in capitals or not; null: any.</summary>
    public string? Titled { get; init; }

    /// <summary>In that state; null: any. A row's column has it.</summary>
    public string? State { get; init; }

    /// <summary>The entity of that id alone; null: any.</summary>
    public Guid? Id { get; init; }

    /// <summary>Part of it; null: everything.</summary>
    public Page? Page { get; init; }
}

/// <summary>A page (GFD.223 §6), counted from one (decision D-18).</summary>
internal sealed record Page(int Number, int Size)
{
    public long Offset => (Number - 1L) * Size;

    /// <summary>The page that is asked for; null: none is.</summary>
    public static (Page? Page, Problem? Problem) Parse(QueryArguments query, int largest)
    {
        var (page, number) = (query["page"], query["number"]);
        if (page is null && number is null)
            return (null, null);
        if (page is null || number is null)
            return (null, Problems.BadQuery("Paging takes both: page, counted from 1, and number, the entities on a page."));
        if (!Whole(page, out var at))
            return (null, Problems.BadQuery($"page must be a whole number from 1, found '{page}'."));
        if (!Whole(number, out var size))
            return (null, Problems.BadQuery($"number must be a whole number from 1, found '{number}'."));
        if (size > largest)
            return (null, Problems.TooLarge($"A page has at most {largest} entities, number={number} was asked for."));
        return (new Page((int)at, (int)size), null);
    }

    // Beyond int.MaxValue it is still a number: too large, or a page past the end.
    private static bool Whole(string text, out long value)
    {
        value = 0;
        if (text.Length == 0 || text.Any(c => !char.IsAsciiDigit(c)))
            return false;
        value = long.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out var parsed) ? Math.Min(parsed, int.MaxValue) : int.MaxValue;
        return value >= 1;
    }
}
