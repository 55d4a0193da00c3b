using Controller.Grains.Events;

namespace Controller.Silo.Events;

internal static class EventServices
{
    public static void AddEvents(this IServiceCollection services, EventOptions events, WebhookOptions webhooks)
    {
        services.AddSingleton(events).AddSingleton(webhooks);
        services.AddSingleton<WebhookTargets>().AddSingleton<WebhookTurns>();
        services.AddSingleton<IWebhooks, PostgresWebhooks>();
    }
}
