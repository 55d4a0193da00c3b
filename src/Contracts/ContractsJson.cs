using System.Text.Json;
using System.Text.Json.Serialization;

namespace Controller.Contracts;

/// <summary>
/// How views stand in a row's payload (<c>{"view": …, "record": …}</c>), which grains write and the API's lists read. Additive changes only: a row written by
/// the previous release must load in this one.
/// </summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault, Converters = [typeof(AttributeValueJson)])]
[JsonSerializable(typeof(Row<EntityView>))]
[JsonSerializable(typeof(Row<HostView>))]
[JsonSerializable(typeof(Row<ProjectView>))]
[JsonSerializable(typeof(Row<TokenView>))]
[JsonSerializable(typeof(Row<JoinResult>))]
[JsonSerializable(typeof(Row<ImageView>))]
[JsonSerializable(typeof(Row<UserMixinsView>))]
[JsonSerializable(typeof(ExplainedOperation))]
public sealed partial class ContractsJson : JsonSerializerContext;

/// <summary>The part of a row's payload that others than its grain may read.</summary>
public sealed record Row<TView>(TView? View);

/// <summary>Ids that every cluster knows.</summary>
public static class WellKnown
{
    /// <summary>The project <c>default</c>, made at the first start.</summary>
    public static readonly Guid DefaultProject = new("00000000-0000-4000-8000-000000000001");
}
