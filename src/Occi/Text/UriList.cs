namespace Occi.Text;

/// <summary>text/uri-list (RFC 2483): a URI a line, comments start with #.</summary>
internal static class UriList
{
    public static Parsed<IReadOnlyList<string>> Read(string body)
    {
        var found = new List<string>();
        var number = 0;
        foreach (var line in body.AsSpan().EnumerateLines())
        {
            number++;
            var uri = line.Trim();
            if (uri.Length == 0 || uri[0] == '#')
                continue;
            if (!Names.IsUriReference(uri))
                return new ParseError($"expected a URI, found '{Unfit.Shorten(uri)}'", $"line {number}", 0);
            found.Add(uri.ToString());
        }
        return found;
    }
}
