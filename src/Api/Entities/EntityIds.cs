using System.Buffers.Binary;
using System.Security.Cryptography;

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

    /// <summary>The id of the nth thing that comes with an entity: always the same one, so that a repeated creation finds it.</summary>
    public static Guid Derived(Guid of, int nth)
    {
        Span<byte> name = stackalloc byte[20];
        of.TryWriteBytes(name, bigEndian: true, out _);
        BinaryPrimitives.WriteInt32BigEndian(name[16..], nth);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(name, hash);
        hash[6] = (byte)((hash[6] & 0x0f) | 0x80);   // RFC 9562, version 8: of one's own making
        hash[8] = (byte)((hash[8] & 0x3f) | 0x80);
        return new Guid(hash[..16], bigEndian: true);
    }
}
