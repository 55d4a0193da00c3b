namespace Occi;

/// <summary>Characters that no value may hold, since PostgreSQL's text and UTF-8 can't: NUL, and halves of surrogate pairs.</summary>
internal static class Unfit
{
    /// <summary>Offset of the first, or -1.</summary>
    public static int At(ReadOnlySpan<char> text)
    {
        var start = 0;
        while (start < text.Length)
        {
            var found = text[start..].IndexOfAnyInRange('\ud800', '\udfff');
            var nul = text[start..].IndexOf('\0');
            if (nul >= 0 && (found < 0 || nul < found))
                return start + nul;
            if (found < 0)
                return -1;
            var at = start + found;
            if (at + 1 == text.Length || !char.IsSurrogatePair(text[at], text[at + 1]))
                return at;
            start = at + 2;
        }
        return -1;
    }

    /// <summary>What to say of it.</summary>
    public static string Message(char bad) => bad == '\0' ? "found a NUL character" : $"found half a surrogate pair, U+{(int)bad:X4}";

    /// <summary>A piece of input that is short enough for a message.</summary>
    public static string Shorten(ReadOnlySpan<char> text) => text.Length <= 60 ? text.ToString() : $"{text[..60]}…";
}
