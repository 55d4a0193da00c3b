using System.Text;

namespace Occi.Text;

/// <summary>
/// Fields on their way out: lines of a body in text/plain, header fields in text/occi. Notes what the rendering can't carry and puts a blank
/// in its place, so that not even a careless sender lets a value begin a line or a header of its own.
/// </summary>
internal sealed class FieldOutput(Rendering rendering)
{
    private static readonly string[] Names = [Field.Category, Field.Link, Field.Attribute, Field.Location];

    private readonly StringBuilder?[] _header = new StringBuilder?[4];
    private readonly StringBuilder _body = new(rendering == Rendering.TextPlain ? 1024 : 0);
    private string? _unsendable;

    public bool InHeader => rendering == Rendering.TextOcci;

    /// <summary>Starts a value of a field; the text goes into what is returned. Several values of a header are joined by commas.</summary>
    public StringBuilder Begin(FieldName name)
    {
        if (!InHeader)
            return (_body.Length == 0 ? _body : _body.Append('\n')).Append(Names[(int)name]).Append(": ");
        return _header[(int)name] is { } more ? more.Append(", ") : _header[(int)name] = new StringBuilder(512);
    }

    /// <summary>A quoted-string. <paramref name="what"/> is named if its value can't be rendered.</summary>
    public void Quoted(StringBuilder to, string text, string what)
    {
        to.Append('"');
        foreach (var c in text)
        {
            if (!Fits(c))
            {
                _unsendable ??= c is '\r' or '\n'
                    ? $"{what} has a line break, which the text renderings can't carry: application/occi+json can"
                    : $"{what} has the character U+{(int)c:X4}, which an HTTP header can't carry: text/plain and application/occi+json can";
                to.Append(' ');
                continue;
            }
            if (c is '"' or '\\')
                to.Append('\\');
            to.Append(c);
        }
        to.Append('"');
    }

    /// <summary>A title, which is for people only: what doesn't fit is left out.</summary>
    public void Title(StringBuilder to, string text)
    {
        to.Append('"');
        foreach (var c in text)
        {
            if (c is '"' or '\\')
                to.Append('\\');
            to.Append(Fits(c) ? c : c is '\r' or '\n' ? ' ' : '?');
        }
        to.Append('"');
    }

    /// <summary>The message; <paramref name="body"/> is that of a text/occi message.</summary>
    public Message Finish(string body)
    {
        if (!InHeader)
            return new Message(rendering, [], _body.ToString()) { Unsendable = _unsendable };
        var fields = new List<KeyValuePair<string, string>>(4);
        for (var i = 0; i < _header.Length; i++)
        {
            if (_header[i] is { } value)
                fields.Add(new(Names[i], value.ToString()));
        }
        return new Message(rendering, fields, body) { Unsendable = _unsendable };
    }

    private bool Fits(char c) => c is not ('\r' or '\n') && (!InHeader || c is '\t' or (>= ' ' and <= '~'));
}
