using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace Controller.Api.Identity;

/// <summary>Finds the token in a request: Bearer, the password of Basic, or X-Auth-Token.</summary>
internal static class Credentials
{
    /// <summary>The secret, or null.</summary>
    public static string? SecretIn(IHeaderDictionary headers)
    {
        foreach (var value in headers.Authorization)
        {
            if (After("Bearer ", value, out var token))
                return token;
            if (After("Basic ", value, out var basic) && Password(basic) is { Length: > 0 } password)
                return password;
        }
        return headers["X-Auth-Token"].ToString() is { Length: > 0 } given ? given.Trim() : null;
    }

    /// <summary>How a secret is known: its SHA-256 in lower-case hex. Tokens are random, so no salt or stretching is needed.</summary>
    public static string HashOf(string secret) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(secret)));

    /// <summary>A new secret of 256 random bits.</summary>
    public static string NewSecret() => Base64Url(RandomNumberGenerator.GetBytes(32));

    public static string Base64Url(ReadOnlySpan<byte> bytes) => System.Buffers.Text.Base64Url.EncodeToString(bytes);

    private static bool After(string scheme, string? value, [NotNullWhen(true)] out string? rest)
    {
        rest = value?.StartsWith(scheme, StringComparison.OrdinalIgnoreCase) == true ? value[scheme.Length..].Trim() : null;
        return !string.IsNullOrEmpty(rest);
    }

    private static string? Password(string base64)
    {
        var bytes = new byte[base64.Length];
        if (!Convert.TryFromBase64String(base64, bytes, out var length))
            return null;
        var pair = Encoding.UTF8.GetString(bytes, 0, length);
        var colon = pair.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 ? null : pair[(colon + 1)..];
    }
}
