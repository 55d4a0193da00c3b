using System.Text;
using Controller.Api.Http;
using Controller.Api.Identity.Certificates;
using Microsoft.Extensions.Options;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Controller.Api;

/// <summary>What is not OCCI's own: where settings come from, the server's limits, telemetry.</summary>
internal static class Setup
{
    // Above it Kestrel answers 431 by itself, without our headers; below it we answer 413, which OCCI clients know (GFD.223 §5.4).
    private const int HeaderSlack = 1024 * 1024;

    // Slower than this is nobody who waits for an answer.
    private const double BytesPerSecond = 240;

    /// <summary>In the order of docs/configuration.md; later ones win.</summary>
    public static void AddSettings(this WebApplicationBuilder builder, string[] args)
    {
        builder.Configuration.Sources.Clear();
        builder.Configuration.AddJsonFile(Path.Combine(AppContext.BaseDirectory, "appsettings.json"), optional: true, reloadOnChange: false);
        if (Environment.GetEnvironmentVariable("CONTROLLER_CONFIG") is { Length: > 0 } file)
            builder.Configuration.AddJsonFile(Path.GetFullPath(file), optional: false, reloadOnChange: false);
        builder.Configuration.AddEnvironmentVariables().AddCommandLine(args);

        builder.Services.AddOptions<ApiOptions>().BindConfiguration("Api").ValidateDataAnnotations()
            .Validate(o => o.TlsUrl is null || (File.Exists(o.Certificate) && File.Exists(o.CertificateKey)), "With Api:TlsUrl, Api:Certificate and Api:CertificateKey must name existing PEM files.")
            .ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<ApiOptions>, ClientAuthorityComplaints>();
        builder.Services.AddOptions<Overload.OverloadOptions>().BindConfiguration("Overload").ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddOptions<MixinOptions>().BindConfiguration("Mixins").ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddOptions<ImageOptions>().BindConfiguration("Images");
        builder.Services.AddOptions<HostOptions>().BindConfiguration("Hosts");
        builder.Services.AddOptions<PkiOptions>().BindConfiguration("Pki")
            .Validate(o => o.CaCertificate is null || File.Exists(o.CaCertificate), "Pki:CaCertificate must name an existing PEM file.")
            .ValidateOnStart();
        builder.Services.AddSingleton(TimeProvider.System);
    }

    public static void AddServer(this WebApplicationBuilder builder)
    {
        var given = builder.Configuration.GetSection("Api").Get<ApiOptions>() ?? new();
        builder.WebHost.UseUrls([given.Url, .. given.TlsUrl is { } tls ? (string[])[tls] : []]);
        builder.Services.AddSingleton<ServerCertificate>();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            var options = kestrel.ApplicationServices.GetRequiredService<IOptions<ApiOptions>>().Value;   // looked at: Kestrel says of a wrong one only that it is wrong
            kestrel.ConfigureHttpsDefaults(https =>
            {
                var certificate = kestrel.ApplicationServices.GetRequiredService<ServerCertificate>();
                // A selector must be there, and sends the leaf alone: the context set for each connection has the whole chain.
                https.ServerCertificateSelector = (_, _) => certificate.Current.TargetCertificate;
                https.OnAuthenticate = (_, tls) =>
                {
                    (tls.ServerCertificateSelectionCallback, tls.ServerCertificateContext) = (null, certificate.Current);
                    if (options.ClientAuthority is not null)
                        ClientAuthority.Offline(tls);
                };
                if (options.ClientAuthority is not null)
                    ClientAuthority.Ask(https);
            });
            kestrel.Limits.Http2.MaxRequestHeaderFieldSize = options.MaxRequestHeaderBytes;
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = options.MaxBodyBytes;
            kestrel.Limits.MaxRequestHeadersTotalSize = options.MaxRequestHeaderBytes + HeaderSlack;
            kestrel.Limits.MaxRequestBufferSize = kestrel.Limits.MaxRequestHeadersTotalSize;
            kestrel.Limits.MaxRequestHeaderCount = 10_000;
            kestrel.Limits.MaxRequestLineSize = 16 * 1024;
            kestrel.Limits.MaxConcurrentConnections = options.MaxConnections;
            kestrel.Limits.RequestHeadersTimeout = options.HeaderTimeout;
            kestrel.Limits.MinRequestBodyDataRate = new(BytesPerSecond, options.SlowBodyGrace);
            kestrel.Limits.MinResponseDataRate = new(BytesPerSecond, options.SlowBodyGrace);
            kestrel.ResponseHeaderEncodingSelector = _ => Encoding.UTF8;
        });
        builder.Services.Configure<RouteHandlerOptions>(o => o.ThrowOnBadRequest = true);
    }

    public static void AddTelemetry(this WebApplicationBuilder builder)
    {
        builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
        builder.Logging.AddFilter("Orleans", LogLevel.Warning);
        if (string.IsNullOrEmpty(builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]))
            return;
        builder.Logging.AddOpenTelemetry(o => o.IncludeScopes = true);
        builder.Services.AddOpenTelemetry()
            .ConfigureResource(r => r.AddService("controller-api"))
            .WithTracing(t => t
                .AddAspNetCoreInstrumentation()
                .AddSource(Telemetry.Name, "Microsoft.Orleans.Application", "Microsoft.Orleans.Runtime", "Npgsql"))
            .WithMetrics(m => m
                .AddAspNetCoreInstrumentation()
                .AddMeter(Telemetry.Name, "Microsoft.Orleans", "Npgsql", "System.Runtime"))
            .UseOtlpExporter();
    }
}
