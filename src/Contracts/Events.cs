using System.Text.Json;
using System.Text.Json.Nodes;

namespace Controller.Contracts;

/// <summary>Something that happened to an entity, as it stands in the log.</summary>
/// <param name="Position">Grows in the order in which events are read: whoever has read one has been shown all before it.</param>
/// <param name="At">When.</param>
/// <param name="Type"><c>created</c>, <c>state</c> (it has another state), <c>changed</c> (title, mixins or size) or <c>deleted</c>.</param>
/// <param name="Kind">Type identifier.</param>
/// <param name="Entity">Its UUID.</param>
/// <param name="Project">Whose it is; null: nobody's.</param>
/// <param name="State">Its OCCI state, of a deleted one the last.</param>
/// <param name="Before">The state before; null: there was none.</param>
/// <param name="Title">Its title.</param>
/// <param name="Version">Of its row: grows with each change of the entity, by one or more.</param>
public sealed record EntityEvent(
    long Position, DateTimeOffset At, string Type, string Kind, Guid Entity, Guid? Project, string? State, string? Before, string? Title, int Version)
{
    /// <summary>What every type begins with.</summary>
    public const string TypePrefix = "local.controller.entity.";

    /// <summary>As a CloudEvent (CloudEvents 1.0, JSON format): one line.</summary>
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(
        new JsonObject
        {
            ["specversion"] = "1.0",
            ["id"] = Position.ToString(System.Globalization.CultureInfo.InvariantCulture),
            ["type"] = TypePrefix + Type,
            ["source"] = $"urn:uuid:{Entity:D}",
            ["time"] = At.UtcDateTime.ToString("o", System.Globalization.CultureInfo.InvariantCulture),
            ["datacontenttype"] = "application/json",
            ["data"] = new JsonObject
            {
                ["kind"] = Kind,
                ["id"] = $"urn:uuid:{Entity:D}",
                ["project"] = Project?.ToString("D"),
                ["state"] = State,
                ["before"] = Before,
                ["title"] = Title,
                ["version"] = Version,
            },
        },
        typeof(JsonObject), EventJson.Default);
}

[System.Text.Json.Serialization.JsonSerializable(typeof(JsonObject))]
internal sealed partial class EventJson : System.Text.Json.Serialization.JsonSerializerContext;

/// <summary>A new webhook, as it was asked for.</summary>
/// <param name="Id">Chosen by the API.</param>
/// <param name="Project">Whose.</param>
/// <param name="By">The principal.</param>
/// <param name="Url">Where to.</param>
/// <param name="Kinds">Terms; none: all.</param>
/// <param name="Entity">Only of this one.</param>
/// <param name="Everything">Of all projects.</param>
[GenerateSerializer, Immutable, Alias("NewWebhook")]
public sealed record NewWebhook(
    [property: Id(0)] Guid Id, [property: Id(1)] Guid Project, [property: Id(2)] string By, [property: Id(3)] string Url, [property: Id(4)] string[] Kinds, [property: Id(5)] Guid? Entity,
    [property: Id(6)] bool Everything);

/// <summary>What became of a command about a webhook.</summary>
/// <param name="Kind">NotFound: there is none of that project's.</param>
/// <param name="Why">Of a refusal.</param>
/// <param name="Secret">The new one, told once.</param>
[GenerateSerializer, Immutable, Alias("WebhookOutcome")]
public sealed record WebhookOutcome([property: Id(0)] OutcomeKind Kind, [property: Id(1)] string? Why = null, [property: Id(2)] string? Secret = null);

/// <summary>Webhooks of projects. Any silo answers; the database decides.</summary>
[Alias("IWebhooksGrain")]
public interface IWebhooksGrain : IGrainWithStringKey
{
    /// <summary>Registers one, from now on. Invalid: nothing may be sent there; Conflict: the project has as many as it may have.</summary>
    [Alias("Add")] Task<WebhookOutcome> Add(NewWebhook webhook);

    /// <summary>Gives it another secret. What is sent is signed with the one before, too, for a day.</summary>
    [Alias("Rotate")] Task<WebhookOutcome> Rotate(Guid project, Guid id);

    /// <summary>Goes on now, also where it was given up; <paramref name="skip"/>: past the event that could not be delivered.</summary>
    [Alias("Resume")] Task<WebhookOutcome> Resume(Guid project, Guid id, bool skip);

    /// <summary>It is told nothing any more.</summary>
    [Alias("Remove")] Task<WebhookOutcome> Remove(Guid project, Guid id);
}
