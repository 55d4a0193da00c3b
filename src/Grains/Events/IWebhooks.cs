using Controller.Contracts;

namespace Controller.Grains.Events;

/// <summary>Webhooks, where they are kept.</summary>
internal interface IWebhooks
{
    Task<WebhookOutcome> Add(NewWebhook webhook);

    Task<WebhookOutcome> Rotate(Guid project, Guid id);

    Task<WebhookOutcome> Resume(Guid project, Guid id, bool skip);

    Task<WebhookOutcome> Remove(Guid project, Guid id);
}
