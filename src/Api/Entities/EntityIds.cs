namespace Controller.Api.Entities;

/// <summary>Entities' ids as clients write them.</summary>
internal static class EntityIds
{
    private const string Urn = "urn:uuid:";

    /// <summary><c>urn:uuid:…</c> or a bare UUID. False for anything else: then the server makes an id (decision D-24).</summary>
    public static bool TryParse(string? text, out Guid id)
    {
        var uuid = text.AsSpan();
        if (uuid.StartsWith(Urn, StringComparison.OrdinalIgnoreCase))
            uuid = uuid[Urn.Length..];
        return Guid.TryParseExact(uuid, "D", out id) && id != Guid.Empty;
    }
}
