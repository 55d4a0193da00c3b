using Controller.Agent.Consoles;
using Controller.Agent.Drivers;
using Controller.Agent.Drivers.Libvirt;
using Controller.Agent.Drivers.Simulated;
using Controller.Agent.Enrolment;
using Controller.Agent.Images;
using Controller.Agent.Leases;
using Controller.Agent.Ledger;
using Controller.Agent.Observing;
using Controller.Agent.Operations;
using Controller.Agent.Peers;
using Controller.Agent.Reconciling;
using Controller.Agent.Session;
using Controller.Agent.Telemetry;
using Microsoft.Extensions.Options;

namespace Controller.Agent.Hosting;

/// <summary>What an agent is made of.</summary>
internal static class AgentHost
{
    public static HostApplicationBuilder CreateBuilder(string[] args)
    {
        var builder = Host.CreateApplicationBuilder(args);
        builder.Configuration.AddAgentSources(args);
        if (Environment.GetEnvironmentVariable(AgentOptions.TokenVariable) is { Length: > 0 } token)
            builder.Configuration[$"{AgentOptions.Section}:{nameof(AgentOptions.JoinToken)}"] = token;
        return builder;
    }

    /// <summary>The file that CONTROLLER_CONFIG names, what the environment says, and what the command line does: the later goes before the earlier.</summary>
    public static IConfigurationBuilder AddAgentSources(this IConfigurationBuilder configuration, string[] args, IDictionary<string, string>? shortNames = null)
    {
        if (Environment.GetEnvironmentVariable("CONTROLLER_CONFIG") is { Length: > 0 } file)
            configuration.AddJsonFile(Path.GetFullPath(file), optional: false);
        return configuration.AddEnvironmentVariables().AddCommandLine(args, shortNames);
    }

    public static void AddAgent(this HostApplicationBuilder builder)
    {
        builder.AddAgentTelemetry();
        var services = builder.Services;
        services.AddOptions<AgentOptions>().BindConfiguration(AgentOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<LibvirtOptions>().BindConfiguration(LibvirtOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<SimulatedOptions>().BindConfiguration(SimulatedOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(10));

        services.AddSingleton(TimeProvider.System);
        services.AddSingleton<ExitCode>();
        services.AddSingleton(provider => new HealthFile(StateDirectory(provider), provider.GetRequiredService<TimeProvider>()));

        services.AddSingleton(provider => new LedgerFiles(Path.Combine(StateDirectory(provider), "ledger"), provider.GetRequiredService<ILogger<LedgerFiles>>()));
        services.AddSingleton<HostLedger>();
        services.AddSingleton<OperationLedger>();
        services.AddSingleton<EpochFence>();
        services.AddSingleton<SequenceCounter>();

        services.AddSingleton<SimulatedFaults>();
        services.AddSingleton<DriverFactory>();
        services.AddSingleton<ActiveDriver>();
        services.AddSingleton<HostLife>();
        services.AddSingleton<ImageStore>();

        services.AddSingleton(provider => new LeaseFile(StateDirectory(provider)));
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<Lease>(provider, provider.GetRequiredService<TimeProvider>() is var time && time == TimeProvider.System ? BootClock.Instance : time));
        services.AddSingleton<GuardKeeper>();
        services.AddSingleton<LeaseKeeper>();

        services.AddSingleton<Inspector>();
        services.AddSingleton<Observations>();
        services.AddSingleton<MachineWatch>();
        services.AddSingleton<Dependencies>();
        services.AddSingleton<Steps>();
        services.AddSingleton<Reconciler>();
        services.AddSingleton<ImageUpload>();
        services.AddSingleton<MachineSaver>();
        services.AddSingleton<CurrentIdentity>();
        services.AddSingleton<PeerListener>();
        services.AddSingleton<Departures>();
        services.AddSingleton<MachineMigrator>();
        services.AddSingleton<OperationRunner>();
        services.AddSingleton<ConsoleReader>();
        services.AddSingleton<ConsoleTunnels>();
        services.AddSingleton<Housekeeping>();

        services.AddSingleton(provider => new IdentityStore(StateDirectory(provider)));
        services.AddSingleton(provider => new GatewayList(StateDirectory(provider), provider.GetRequiredService<IOptions<AgentOptions>>().Value.Gateways));
        services.AddSingleton<Enroller>();
        services.AddSingleton<CurrentGateway>();
        services.AddSingleton<SessionServices>();
        services.AddSingleton<ConnectionLoop>();
        services.AddHostedService<AgentRunner>();
        Systemd.Notifier.AddTo(services);
    }

    private static string StateDirectory(IServiceProvider provider) => provider.GetRequiredService<IOptions<AgentOptions>>().Value.StateDirectory;
}
