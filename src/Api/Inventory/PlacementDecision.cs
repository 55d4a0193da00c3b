using System.Text.Json.Nodes;

namespace Controller.Api.Inventory;

/// <summary>Where something was placed and why there, or why nowhere; <paramref name="Detail"/> has the request, the filters and the hosts, as the silo wrote them.</summary>
internal sealed record PlacementDecision(Guid Project, Guid? Host, string Outcome, string? Why, JsonObject Detail, DateTimeOffset Decided);
