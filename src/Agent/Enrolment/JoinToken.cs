using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Controller.Agent.Enrolment;

/// <summary>What an operator hands to a new host: where to go, whom to trust there, and one secret to use once.</summary>
/// <param name="Endpoints">host:port of gateways, at least one.</param>
/// <param name="Fingerprint">SHA-256 of the certificate authority's DER, 64 lower-case hexadecimal digits.</param>
/// <param name="Secret">Never logged.</param>
internal sealed record JoinToken(
    [property: JsonPropertyName("e")] IReadOnlyList<string> Endpoints,
    [property: JsonPropertyName("f")] string Fingerprint,
    [property: JsonPropertyName("s")] string Secret)
{
    public const string Prefix = "cjt1.";

    /// <exception cref="EnrolmentException">The text is no join token; says what is wrong with it, and not its secret.</exception>
    public static JoinToken Parse(string text)
    {
        text = text.Trim();
        if (!text.StartsWith(Prefix, StringComparison.Ordinal))
            throw new EnrolmentException($"A join token begins with \"{Prefix}\"; this one does not.");
        JoinToken? token;
        try
        {
            token = JsonSerializer.Deserialize<JoinToken>(Base64Url.DecodeFromChars(text.AsSpan(Prefix.Length)));
        }
        catch (Exception broken) when (broken is FormatException or JsonException)
        {
            throw new EnrolmentException("The join token is damaged: after its prefix, base64url of a JSON object was wanted. Was it copied in full?", broken);
        }
        if (token?.Endpoints is not { Count: > 0 } || !token.Endpoints.All(IsEndpoint))
            throw new EnrolmentException("The join token names no gateway as host:port (\"e\").");
        if (token.Fingerprint is not { Length: 64 } || !token.Fingerprint.All(char.IsAsciiHexDigitLower))
            throw new EnrolmentException("The join token has no fingerprint of 64 lower-case hexadecimal digits (\"f\").");
        if (string.IsNullOrEmpty(token.Secret)) throw new EnrolmentException("The join token has no secret (\"s\").");
        return token;
    }

    public string Format() => Prefix + Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(this));

    /// <summary>Whether the text is host:port, an IPv6 address in brackets.</summary>
    public static bool IsEndpoint(string? text) =>
        text is { Length: > 0 } && !text.Any(c => char.IsWhiteSpace(c) || c is '/' or '@' or '?' or '#')
        && Uri.TryCreate($"https://{text}", UriKind.Absolute, out var uri)
        && text.EndsWith($":{uri.Port}", StringComparison.Ordinal) && uri.Host.Length > 0;

    // A record prints all of its members; this one has a secret among them.
    private bool PrintMembers(StringBuilder builder)
    {
        builder.Append("Endpoints = ").AppendJoin(", ", Endpoints);
        return true;
    }
}

/// <summary>The host cannot join, and trying again will not help.</summary>
internal sealed class EnrolmentException(string message, Exception? inner = null) : Exception(message, inner);
