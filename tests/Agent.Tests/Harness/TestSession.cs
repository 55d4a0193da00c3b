using Controller.Agent.Protocol;
using Grpc.Core;

namespace Controller.Agent.Tests.Harness;

/// <summary>One session as the gateway sees it: what it heard, and the newest news of each object.</summary>
internal sealed class TestSession(string certificateName, Hello hello, ulong epoch, IServerStreamWriter<ToAgent> to)
{
    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _writing = new(1);
    private readonly List<FromAgent> _heard = [];

    public string CertificateName { get; } = certificateName;

    public Hello Hello { get; } = hello;

    public ulong Epoch { get; } = epoch;

    public CancellationTokenSource HangUp { get; } = new();

    public volatile bool IsOver;

    public IReadOnlyList<FromAgent> Heard
    {
        get { lock (_lock) return [.. _heard]; }
    }

    public IReadOnlyList<Observed> Reports => [.. Heard.Select(message => message.Observed).Where(report => report is not null)];

    public void Hear(FromAgent message)
    {
        lock (_lock) _heard.Add(message);
    }

    public async Task Send(ToAgent message)
    {
        await _writing.WaitAsync();
        try
        {
            await to.WriteAsync(message);
        }
        finally
        {
            _writing.Release();
        }
    }

    public Task Want(params DesiredObject[] objects) => Send(new ToAgent { Desired = new Desired { Epoch = Epoch, Objects = { objects } } });

    public Task WantInFull(params DesiredObject[] objects) => Send(new ToAgent { Desired = new Desired { Epoch = Epoch, Full = true, Objects = { objects } } });

    public Task Grant(ulong number, TimeSpan lease, params string[] gateways) =>
        Send(new ToAgent { LeaseGranted = new LeaseGranted { Epoch = Epoch, Number = number, LeaseMilliseconds = (uint)lease.TotalMilliseconds, Gateways = { gateways } } });

    public ObservedMachine? Machine(string id) => Newest(report => report.Machines, machine => machine.Id == id, machine => machine.Sequence);

    public ObservedVolume? Volume(string id) => Newest(report => report.Volumes, volume => volume.Id == id, volume => volume.Sequence);

    public ObservedNetwork? Network(string id) => Newest(report => report.Networks, network => network.Id == id, network => network.Sequence);

    /// <summary>Waits until the machine is in a state, with a generation applied.</summary>
    public async Task<ObservedMachine> Until(string machine, Power power, ulong generation)
    {
        await Eventually.That(() => Machine(machine) is { } seen && seen.Power == power && seen.Generation == generation, $"machine {machine} {power} at {generation}; it is {Machine(machine)}");
        return Machine(machine)!;
    }

    public Task<OperationFinished> Finished(string operation, int times = 1) => Eventually.Some(
        () => Heard.Select(message => message.OperationFinished).Where(done => done?.OperationId == operation).ElementAtOrDefault(times - 1), $"operation {operation} finished");

    public Task<ConsoleData> Console(string request) =>
        Eventually.Some(() => Heard.Select(message => message.ConsoleData).FirstOrDefault(data => data?.RequestId == request), $"console data {request}");

    private T? Newest<T>(Func<Observed, IEnumerable<T>> of, Func<T, bool> its, Func<T, ulong> sequence) where T : class =>
        Reports.SelectMany(of).Where(its).OrderByDescending(sequence).FirstOrDefault();
}
