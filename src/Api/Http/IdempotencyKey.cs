using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Primitives;
using Occi;

namespace Controller.Api.Http;

/// <summary>
/// The header <c>Idempotency-Key</c> of a request that creates: whoever repeats it gets the first one's result. From 1 to 255 visible ASCII characters,
/// with or without quotes around them.
/// </summary>
internal static class IdempotencyKey
{
    public const string Header = "Idempotency-Key";
    private const int Longest = 255;

    /// <summary>The key; null where there is none.</summary>
    public static (string? Key, Problem? Problem) Of(StringValues sent)
    {
        if (sent.Count == 0)
            return (null, null);
        if (sent is not [{ } text])
            return (null, Problems.Invalid($"{Header}: one was wanted, {sent.Count} were sent."));
        var key = text.Trim();
        if (key is ['"', .. var inner, '"'])
            key = inner;
        if (key.Length is 0 or > Longest)
            return (null, Problems.Invalid($"{Header}: from 1 to {Longest} characters were wanted, found {key.Length}."));
        return key.FirstOrDefault(c => c is < '!' or > '~') is var bad and not '\0'
            ? (null, Problems.Invalid($"{Header}: visible ASCII characters were wanted, found U+{(int)bad:X4}."))
            : (key, null);
    }

    /// <summary>What the request is remembered under: a key is a project's own.</summary>
    public static Guid IdOf(Guid project, string key) =>
        new(SHA256.HashData([.. project.ToByteArray(), .. Encoding.UTF8.GetBytes(key)]).AsSpan(0, 16));

    /// <summary>A hash of what was sent and where to. The rendering asked for is not part of it: the result is the same one.</summary>
    public static string Fingerprint(string path, Message sent)
    {
        var parts = sent.Fields.SelectMany(f => new[] { f.Key.ToLowerInvariant(), f.Value }).Prepend(sent.Rendering.ToString()).Prepend(path.TrimEnd('/')).Append(sent.Body);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(parts.Select(p => $"{p.Length}:{p}")))));
    }
}
