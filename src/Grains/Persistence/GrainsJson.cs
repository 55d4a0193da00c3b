using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Controller.Contracts;
using Controller.Grains.Compute;
using Controller.Grains.Creations;
using Controller.Grains.Declared;
using Controller.Grains.Hosts;
using Controller.Grains.Images;
using Controller.Grains.Links;
using Controller.Grains.Mixins;
using Controller.Grains.Network;
using Controller.Grains.Projects;
using Controller.Grains.Reservations;
using Controller.Grains.SecurityGroups;
using Controller.Grains.Storage;
using Orleans.Storage;

namespace Controller.Grains.Persistence;

/// <summary>The JSON of all records: camel case, so that SQL can read it; nulls left out.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, Converters = [typeof(AttributeValueJson)])]
[JsonSerializable(typeof(Stored<ComputeRecord, EntityView>))]
[JsonSerializable(typeof(Stored<StorageRecord, EntityView>))]
[JsonSerializable(typeof(Stored<NetworkRecord, EntityView>))]
[JsonSerializable(typeof(Stored<LinkRecord, EntityView>))]
[JsonSerializable(typeof(Stored<DeclaredRecord, EntityView>))]
[JsonSerializable(typeof(Stored<HostRecord, HostView>))]
[JsonSerializable(typeof(Stored<ProjectRecord, ProjectView>))]
[JsonSerializable(typeof(Stored<TokenRecord, TokenView>))]
[JsonSerializable(typeof(Stored<JoinRecord, JoinResult>))]
[JsonSerializable(typeof(Stored<ImageRecord, ImageView>))]
[JsonSerializable(typeof(Stored<UserMixinsRecord, UserMixinsView>))]
[JsonSerializable(typeof(Stored<CreationRecord, EntityView>))]
[JsonSerializable(typeof(Stored<SecurityGroupRecord, EntityView>))]
[JsonSerializable(typeof(Stored<IpReservationRecord, EntityView>))]
internal sealed partial class GrainsJson : JsonSerializerContext;

/// <summary>Writes records as UTF-8 JSON: the write query extracts columns from it.</summary>
public sealed class RecordSerializer : IGrainStorageSerializer
{
    /// <summary>
    /// Not the generated code: it sets every init member that the JSON lacks to null or 0, so a record of a release that knew less would lose the members' own defaults.
    /// </summary>
    private static readonly JsonSerializerOptions Reading = new(JsonSerializerDefaults.Web)
    {
        TypeInfoResolver = new DefaultJsonTypeInfoResolver(),
        Converters = { new AttributeValueJson() },
    };

    public BinaryData Serialize<T>(T? input) => new(JsonSerializer.SerializeToUtf8Bytes(input, typeof(T), GrainsJson.Default));

    public T Deserialize<T>(BinaryData input) => JsonSerializer.Deserialize<T>(input.ToMemory().Span, Reading)!;
}
