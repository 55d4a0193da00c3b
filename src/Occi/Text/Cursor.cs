using System.Buffers;

namespace Occi.Text;

/// <summary>The only thing that touches the characters of a field's value. Blanks before a token never matter.</summary>
internal ref struct Cursor(ReadOnlySpan<char> text)
{
    private static readonly SearchValues<char> TokenChars =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    private static readonly SearchValues<char> BareEnds = SearchValues.Create(",; \t\"");

    private readonly ReadOnlySpan<char> _text = text;

    /// <summary>Offset of the next character.</summary>
    public int At { get; private set; }

    public bool AtEnd
    {
        get
        {
            SkipBlanks();
            return At == _text.Length;
        }
    }

    /// <summary>Steps over <paramref name="wanted"/>, or not at all.</summary>
    public bool Match(char wanted)
    {
        var found = Peek() == wanted && At < _text.Length;
        if (found)
            At++;
        return found;
    }

    /// <summary>The next character that isn't blank; NUL at the end (a NUL in the text has been refused before).</summary>
    public char Peek()
    {
        SkipBlanks();
        return At < _text.Length ? _text[At] : '\0';
    }

    /// <summary>RFC 7230 token; empty when there is none.</summary>
    public ReadOnlySpan<char> Token()
    {
        SkipBlanks();
        return Take(_text[At..].IndexOfAnyExcept(TokenChars));
    }

    /// <summary>A value without quotes: up to a separator, a blank or a quote.</summary>
    public ReadOnlySpan<char> Bare()
    {
        SkipBlanks();
        return Take(_text[At..].IndexOfAny(BareEnds));
    }

    /// <summary>Everything before <paramref name="end"/>, which is stepped over; false and no step when there is none.</summary>
    public bool Until(char end, out ReadOnlySpan<char> found)
    {
        var length = _text[At..].IndexOf(end);
        found = length < 0 ? default : _text.Slice(At, length);
        if (length >= 0)
            At += length + 1;
        return length >= 0;
    }

    /// <summary>RFC 7230 quoted-string, unescaped; null and no step when it has no end. The opening quote is the next character.</summary>
    public string? Quoted()
    {
        SkipBlanks();
        var rest = _text[(At + 1)..];
        var end = rest.IndexOfAny('"', '\\');
        if (end >= 0 && rest[end] == '"')
        {
            At += end + 2;
            return rest[..end].ToString();
        }
        return Escaped(rest);
    }

    /// <summary>What stands here, for a message.</summary>
    public string Found()
    {
        if (AtEnd)
            return "the end";
        var rest = _text[At..];
        return rest.Length <= 20 ? $"'{rest}'" : $"'{rest[..20]}…'";
    }

    private string? Escaped(ReadOnlySpan<char> rest)
    {
        var unescaped = new System.Text.StringBuilder();   // not of the rest's length: many such strings in a field would take its square
        for (var i = 0; i < rest.Length; i++)
        {
            if (rest[i] == '"')
            {
                At += i + 2;
                return unescaped.ToString();
            }
            if (rest[i] == '\\' && ++i == rest.Length)
                break;
            unescaped.Append(rest[i]);
        }
        return null;
    }

    private ReadOnlySpan<char> Take(int length)
    {
        var found = length < 0 ? _text[At..] : _text.Slice(At, length);
        At += found.Length;
        return found;
    }

    private void SkipBlanks()
    {
        while (At < _text.Length && _text[At] is ' ' or '\t')
            At++;
    }
}
