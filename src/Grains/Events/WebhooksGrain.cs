using Controller.Contracts;
using Orleans.Concurrency;

namespace Controller.Grains.Events;

/// <summary>The APIs' way to the webhooks. It keeps nothing.</summary>
[GrainType("webhooks"), StatelessWorker]
internal sealed class WebhooksGrain(IWebhooks webhooks) : Grain, IWebhooksGrain
{
    public Task<WebhookOutcome> Add(NewWebhook webhook) => webhooks.Add(webhook);

    public Task<WebhookOutcome> Rotate(Guid project, Guid id) => webhooks.Rotate(project, id);

    public Task<WebhookOutcome> Resume(Guid project, Guid id, bool skip) => webhooks.Resume(project, id, skip);

    public Task<WebhookOutcome> Remove(Guid project, Guid id) => webhooks.Remove(project, id);
}
