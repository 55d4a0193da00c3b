using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Controller.Agent.Drivers.Libvirt.Seeds;

/// <summary>JSON strings without escapes that only HTML needs.</summary>
[JsonSerializable(typeof(string))]
internal sealed partial class Relaxed : JsonSerializerContext
{
    public static readonly Relaxed Instance = new(new JsonSerializerOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
