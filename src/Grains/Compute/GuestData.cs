using System.Text;
using Controller.Grains.Entities;
using Occi;
using Model = Occi.Infrastructure;

namespace Controller.Grains.Compute;

/// <summary>SSH keys and user data, by their OGF names or OpenStack's (D-22).</summary>
internal static class GuestData
{
    /// <summary>Of user data. It goes to the host with every change of the machine; what is larger is better fetched by what it says.</summary>
    public const int MostBytes = 256 << 10;

    public static string[] SshKeys(IReadOnlyDictionary<string, AttributeValue> attributes) =>
        [.. new[] { attributes.Text(Model.SshKey.PublicKey), attributes.Text(Model.OpenStackContext.KeyData) }
            .Where(k => !string.IsNullOrWhiteSpace(k)).Select(k => k!.Trim())];

    public static byte[] UserData(IReadOnlyDictionary<string, AttributeValue> attributes) =>
        Decode(attributes.Text(Model.UserData.Data) ?? attributes.Text(Model.OpenStackContext.UserDataText) ?? "");

    /// <summary>Base64 that decodes to something that cloud-init knows is decoded; everything else is taken as it is.</summary>
    internal static byte[] Decode(string text)
    {
        var raw = Encoding.UTF8.GetBytes(text);
        var buffer = new byte[text.Length];
        return Convert.TryFromBase64String(text.Trim(), buffer, out var length) && IsKnown(buffer.AsSpan(0, length)) ? buffer[..length] : raw;
    }

    private static bool IsKnown(ReadOnlySpan<byte> data) =>
        data.StartsWith("#!"u8) || data.StartsWith("#cloud-"u8) || data.StartsWith("#include"u8) || data.StartsWith("Content-Type: multipart"u8)
        || data.StartsWith("MIME-Version:"u8) || data.StartsWith((ReadOnlySpan<byte>)[0x1f, 0x8b]);
}
