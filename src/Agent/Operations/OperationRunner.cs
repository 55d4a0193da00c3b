using System.Collections.Concurrent;
using System.Diagnostics;
using Controller.Agent.Drivers;
using Controller.Agent.Ledger;
using Controller.Agent.Protocol;
using Controller.Agent.Reconciling;
using Controller.Agent.Telemetry;

namespace Controller.Agent.Operations;

/// <summary>Does what cannot be level-triggered, each operation once; a repeat is answered from the ledger.</summary>
internal sealed partial class OperationRunner(
    OperationLedger finished, HostLedger ledger, Reconciler reconciler, ActiveDriver active, MachineWatch watch, MachineSaver saver, MachineMigrator migrator,
    Departures departures, ILogger<OperationRunner> log)
{
    private readonly ConcurrentDictionary<string, Task<OperationFinished>> _underWay = new();

    /// <summary>The result, without an epoch. A repeat waits for the one that is under way.</summary>
    /// <param name="operation">What to do.</param>
    /// <param name="cause">Whose trace it belongs to.</param>
    /// <param name="progress">Told how far it is, where that takes time. A repeat does not replace the first one's.</param>
    public Task<OperationFinished> Run(Operation operation, ActivityContext cause, Action<OperationProgress>? progress = null)
    {
        if (finished.Find(operation.OperationId) is { } result) return Task.FromResult(result);
        return _underWay.GetOrAdd(operation.OperationId, _ => Begin(operation, cause, progress));
    }

    /// <summary>Ends an operation. Null: it is under way, and its own end will say how that went.</summary>
    public OperationFinished? Cancel(CancelOperation cancel)
    {
        if (finished.Find(cancel.OperationId) is { } result) return result;
        if (departures.Cancel(cancel.MachineId, cancel.OperationId) || _underWay.ContainsKey(cancel.OperationId)) return null;
        // Not begun, or begun by a process of before: should it still come, it finds that it is over.
        var never = new OperationFinished { OperationId = cancel.OperationId, MachineId = cancel.MachineId, Failure = new() { Code = "cancelled", Message = "It was cancelled." } };
        finished.Add(never);
        return never;
    }

    private async Task<OperationFinished> Begin(Operation operation, ActivityContext cause, Action<OperationProgress>? progress)
    {
        // A machine that leaves is left alone by its worker, and its departure goes on while other wishes come.
        var result = operation.WhatCase == Operation.WhatOneofCase.Migrate ? await Depart(operation, cause, progress) : await InTurn();
        (result.OperationId, result.MachineId) = (operation.OperationId, operation.MachineId);
        finished.Add(result);
        _underWay.TryRemove(operation.OperationId, out _);
        AgentTelemetry.Operations.Add(1, new KeyValuePair<string, object?>("result", result.Failure?.Code ?? "ok"));
        LogFinished(operation.OperationId, operation.WhatCase, operation.MachineId, result.Failure?.Code ?? "ok");
        return result;

        Task<OperationFinished> InTurn()
        {
            var done = new TaskCompletionSource<OperationFinished>(TaskCreationOptions.RunContinuationsAsynchronously);
            reconciler.Tell(operation.MachineId, worker => worker.Enqueue(
                async cancel => done.SetResult(await Do(operation, cause, null, cancel)),
                superseded: () => done.SetResult(Failed(new Failure { Code = "superseded", Message = "Something else was wanted of the machine meanwhile." }))));
            return done.Task;
        }
    }

    private async Task<OperationFinished> Depart(Operation operation, ActivityContext cause, Action<OperationProgress>? progress)
    {
        OperationFinished? result = null;
        // Under way from this moment on: a cancellation that comes right behind finds it.
        var ran = await departures.Run(new(operation.MachineId, operation.Incarnation), operation.OperationId, async cancel =>
        {
            await Task.Yield();
            reconciler.Tell(operation.MachineId, worker => worker.Wake());   // the host's next report says that it is under way
            result = await Do(operation, cause, progress, cancel);
        });
        await Task.Yield();
        reconciler.Tell(operation.MachineId, worker => worker.Wake());
        return ran ? result! : Failed(new() { Code = "busy", Message = $"Another departure of machine {operation.MachineId} is still under way.", Retryable = true });
    }

    private static Action<MoveProgress> Tell(Operation operation, Action<OperationProgress>? progress) => now => progress?.Invoke(new()
    {
        OperationId = operation.OperationId,
        MachineId = operation.MachineId,
        TotalBytes = now.Total,
        DoneBytes = now.Done,
        RemainingBytes = now.Remaining,
        DowntimeMilliseconds = now.DowntimeMilliseconds,
    });

    private async Task<OperationFinished> Do(Operation operation, ActivityContext cause, Action<OperationProgress>? progress, CancellationToken cancel)
    {
        using var activity = AgentTelemetry.Source.StartActivity("operation", ActivityKind.Internal, cause);
        activity?.SetTag("occi.entity.id", operation.MachineId).SetTag("operation.id", operation.OperationId);
        var key = new ObjectKey(operation.MachineId, operation.Incarnation);
        if (ledger.Find(key) is not { Desired.Absent: false } entry)
            return Refuse("no-such-machine", $"No incarnation {operation.Incarnation} of machine {operation.MachineId} belongs on this host.");
        try
        {
            switch (operation.WhatCase)
            {
                case Operation.WhatOneofCase.Reboot:
                    await Reboot(key, operation.Reboot, cancel);
                    return new OperationFinished();
                case Operation.WhatOneofCase.SaveImage:
                    return new OperationFinished { Saved = await saver.Save(operation.OperationId, entry.Desired, operation.SaveImage, cancel) };
                case Operation.WhatOneofCase.Migrate:
                    await migrator.Send(entry.Desired, operation.Migrate, Tell(operation, progress), cancel);
                    return new OperationFinished();
                default:
                    return Refuse("unknown-operation", $"This agent can reboot, save and migrate, and does not know what it was asked for: {operation.WhatCase}.");
            }
        }
        catch (DriverException expected)
        {
            activity?.SetStatus(ActivityStatusCode.Error, expected.Message);
            return Failed(new Failure { Code = expected.Code, Message = expected.Message, Retryable = expected.Retryable, Generation = entry.Desired.Generation });
        }
#pragma warning disable CA1031 // The control plane waits for an answer, also when the driver has a bug.
        catch (Exception bug) when (!cancel.IsCancellationRequested)
#pragma warning restore CA1031
        {
            LogBug(operation.OperationId, bug);
            return Refuse("unexpected", $"{bug.GetType().Name}: {bug.Message}");
        }
    }

    private async Task Reboot(ObjectKey key, Reboot reboot, CancellationToken cancel)
    {
        // On its way it is off for a while, by our doing.
        watch.Starts(key);
        if (reboot.Method == RebootMethod.RebootGraceful) watch.StopAsked(key);
        await active.Driver.Reboot(key.Id, key.Incarnation, reboot.Method, TimeSpan.FromSeconds(reboot.GraceSeconds), cancel);
        watch.Starts(key); // it is up again: what it does from here on is its own doing
    }

    private static OperationFinished Failed(Failure failure) => new() { Failure = failure };

    private static OperationFinished Refuse(string code, string message) => Failed(new() { Code = code, Message = message });

    [LoggerMessage(Level = LogLevel.Information, Message = "Operation {OperationId} {What} of {MachineId}: {Result}")]
    private partial void LogFinished(string operationId, Operation.WhatOneofCase what, string machineId, string result);

    [LoggerMessage(Level = LogLevel.Error, Message = "Operation {OperationId} failed in a way nobody expects")]
    private partial void LogBug(string operationId, Exception bug);
}
