using System.Text.Json;
using System.Text.Json.Serialization;

namespace Controller.Cli.Local;

/// <summary>The files of the data directory that are ours alone.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, WriteIndented = true, UseStringEnumConverter = true)]
[JsonSerializable(typeof(ClusterSettings))]
[JsonSerializable(typeof(ProcessRecord[]))]
[JsonSerializable(typeof(Dictionary<string, int>))]
[JsonSerializable(typeof(ProcessStatus[]))]
internal sealed partial class LocalJson : JsonSerializerContext;
