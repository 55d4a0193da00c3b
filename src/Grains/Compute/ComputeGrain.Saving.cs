using Controller.Contracts;
using Controller.Grains.Entities;
using Microsoft.Extensions.Logging;
using Occi.Core;
using Model = Occi.Infrastructure;

namespace Controller.Grains.Compute;

// Save: the compute's disk becomes an OS template (GFD.224 §3.1). The compute's record is the one that knows what is under way; the template is told how it
// ended before the record forgets the save, so whatever dies in between, it is told again.
internal sealed partial class ComputeGrain
{
    private const string Superseded = "superseded";

    private async Task<Outcome> Save(InvokeAction command)
    {
        var present = _record.Value!;
        if (present.Image is null)
            return new(OutcomeKind.Conflict, "This compute has no disk of its own that could be saved: it was created without an OS template.");
        if (present.Save is null && await _saved.WhyNoMore(present.Project) is { } full)
            return new(OutcomeKind.QuotaExceeded, full);
        var name = command.Attributes.Text(Model.Compute.SaveName) is { } wish && !string.IsNullOrWhiteSpace(wish) ? wish : present.Attributes.Text(CoreKinds.Title) ?? "";
        var method = command.Attributes.Text(Model.Compute.SaveMethod) == "deferred" ? SaveMethod.Deferred : SaveMethod.Hot;
        var save = new ComputeSave(Guid.NewGuid(), await _templates.FreeTerm(name), Templates.TitleOf(name), method);
        var outcome = await Handle(ComputeTrigger.Save, r => r with { Save = save });
        return outcome.Ok ? outcome with { Template = await _templates.Image(_record.Value!.Save!.Term).View() } : outcome;
    }

    /// <summary>The next step of a save: its template, then the host. Each may be repeated.</summary>
    private async Task SaveNext()
    {
        var present = _record.Value!;
        if (present.Save is { Registered: false })
            present = await Register(present);
        var order = new SaveOrder(present.Operation!.Id, Id, present.Incarnation, present.Save!.Method, StopGrace);
        await GrainFactory.Host(present.Host!.Value).Save(order);
    }

    private async Task<ComputeRecord> Register(ComputeRecord present)
    {
        var save = present.Save!;
        var template = new ImageSave(save.Id, present.Project, save.Title, $"{Model.Compute.Kind.Location}{Id}");
        while (await _templates.Image(save.Term).Begin(template) is null)
        {
            // Somebody took the term since we looked. Written before it is tried: a crash leaves no template that nobody knows of.
            save = save with { Term = await _templates.FreeTerm(save.Term) };
            await _record.Write(_record.Value! with { Save = save });
        }
        await _record.Write(_record.Value! with { Save = save with { Registered = true } });
        LogSaving(Id, save.Term, save.Method, present.Operation!.Id);
        return _record.Value!;
    }

    private async Task SaveFinished(OperationFinished finished)
    {
        var present = _record.Value!;
        if (finished is { Failure: null, Saved: { } disk })
        {
            if (!await _templates.Image(present.Save!.Term).Complete(present.Save.Id, disk))
            {
                await Handle(ComputeTrigger.NotSaved, r => r with { Message = $"It was saved, but the template {present.Save.Term} has been removed meanwhile." });
                return;
            }
            await Handle(ComputeTrigger.Saved);
            LogSaved(Id, present.Save.Term, disk.Image.Sha256, disk.Image.SizeBytes);
            return;
        }
        var why = finished.Failure?.Message ?? "The host has not said what it saved.";
        if (finished.Failure is not { } failure || (!failure.Retryable && failure.Code != Superseded))
        {
            await Handle(ComputeTrigger.NotSaved, r => r with { Message = $"It could not be saved as {present.Save!.Term}: {why}" });
            return;
        }
        // The host remembers an operation's end, so a new attempt needs a new id. What was wanted of the machine meanwhile and did not end the save (a disk, a title) is done now.
        await _record.Write(present with { Operation = present.Operation!.Again(_time.GetUtcNow(), failure.Code == Superseded ? null : why) with { Id = Guid.NewGuid() } });
        if (failure.Code == Superseded)
            await SaveNext();
    }

    /// <summary>A move that ends a save without a disk: its template is told first.</summary>
    private async Task EndSave(ComputeRecord present, ComputeRecord next, ComputeTrigger trigger)
    {
        if (present.Save is not { } save || next.Save is not null || trigger == ComputeTrigger.Saved)
            return;
        var why = trigger switch
        {
            ComputeTrigger.Start => "The save was given up: the compute was started.",
            ComputeTrigger.Stop => "The save was given up: the compute was stopped.",
            ComputeTrigger.Delete => "The save was given up: the compute was deleted.",
            _ => next.Message ?? "The save was given up.",
        };
        await _templates.Image(save.Term).Fail(save.Id, why);
        LogNotSaved(Id, save.Term, why);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Compute {Compute} is being saved as {Template}, {Method}, operation {Operation}")]
    private partial void LogSaving(Guid compute, string template, SaveMethod method, Guid operation);

    [LoggerMessage(Level = LogLevel.Information, Message = "Compute {Compute} was saved as {Template}: {Sha256}, {Bytes} bytes")]
    private partial void LogSaved(Guid compute, string template, string sha256, long bytes);

    [LoggerMessage(Level = LogLevel.Information, Message = "Compute {Compute} was not saved as {Template}: {Why}")]
    private partial void LogNotSaved(Guid compute, string template, string why);
}
