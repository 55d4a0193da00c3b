using Controller.Api.Inventory;

namespace Controller.Api.Model;

/// <summary>Hears which part of the model has changed (migration 0005).</summary>
internal sealed partial class ModelChanges(Catalogues catalogues, ListeningConnection listening, TimeProvider time, ILogger<ModelChanges> log) : Listener("model", listening, time)
{
    protected override async Task CatchUp(CancellationToken cancel)
    {
        await catalogues.Refresh(cancel);
        LogListening();
    }

    protected override Task Heard(string payload, CancellationToken cancel) => catalogues.Changed(payload, cancel);

    protected override void Lost(string why) => LogLost(why);

    [LoggerMessage(LogLevel.Information, "Changes of the model are heard of")]
    private partial void LogListening();

    [LoggerMessage(LogLevel.Warning, "Changes of the model are not heard of for the moment: {Why}")]
    private partial void LogLost(string why);
}
