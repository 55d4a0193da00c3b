using System.Buffers.Binary;
using Google.Protobuf;

namespace Controller.Agent.Peers;

/// <summary>Messages between agents: their length, four bytes, the most significant first, and then they.</summary>
internal static class PeerMessages
{
    /// <summary>Definitions and pieces of disks are smaller.</summary>
    private const int Longest = 8 << 20;

    public static async Task Write(Stream to, IMessage message, CancellationToken cancel)
    {
        var bytes = new byte[4 + message.CalculateSize()];
        BinaryPrimitives.WriteInt32BigEndian(bytes, bytes.Length - 4);
        message.WriteTo(bytes.AsSpan(4));
        await to.WriteAsync(bytes, cancel);
        await to.FlushAsync(cancel);
    }

    /// <summary>Null where the stream ends before a message.</summary>
    public static async Task<T?> Read<T>(Stream from, MessageParser<T> parser, CancellationToken cancel)
        where T : class, IMessage<T>
    {
        var head = new byte[4];
        if (await from.ReadAtLeastAsync(head, 4, throwOnEndOfStream: false, cancel) < 4) return null;
        var length = BinaryPrimitives.ReadInt32BigEndian(head);
        if (length is < 0 or > Longest) throw new InvalidDataException($"A peer's message may have {Longest} bytes, and this one claims {length}.");
        var body = new byte[length];
        await from.ReadExactlyAsync(body, cancel);
        return parser.ParseFrom(body);
    }
}
