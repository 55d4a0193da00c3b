using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Controller.Grains.Tests.Availability;

/// <summary>A BMC that speaks Redfish over TLS, with one computer system: a process, which ForceOff kills. It answers as DSP0266 and ComputerSystem's schema say.</summary>
internal sealed class Bmc : IAsyncDisposable
{
    public const string User = "root", Password = "calvin";
    private const string System = "/redfish/v1/Systems/1";
    private readonly WebApplication _app;
    private readonly Process _machine;
    private readonly X509Certificate2 _certificate = NewCertificate();

    private Bmc()
    {
        _machine = Process.Start(new ProcessStartInfo("sleep", "1000"))!;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0, l =>
        {
            l.Protocols = HttpProtocols.Http1;
            l.UseHttps(_certificate);
        }));
        _app = builder.Build();
        _app.Use(Authenticate);
        _app.MapGet(System, Show);
        _app.MapPost(System + "/Actions/ComputerSystem.Reset", Reset);
    }

    public string Address => new Uri(new Uri(_app.Urls.Single()), System).ToString();

    public string Authority => _certificate.ExportCertificatePem();

    public bool IsOn => !_machine.HasExited;

    /// <summary>It takes the order and does nothing.</summary>
    public bool IsDeaf { get; set; }

    public int Resets { get; private set; }

    public static async Task<Bmc> Start()
    {
        var bmc = new Bmc();
        await bmc._app.StartAsync();
        return bmc;
    }

    public void LosePower()
    {
        _machine.Kill();
        _machine.WaitForExit();
    }

    public async ValueTask DisposeAsync()
    {
        if (IsOn)
            LosePower();
        await _app.DisposeAsync();
        _machine.Dispose();
        _certificate.Dispose();
    }

    private static Task Authenticate(HttpContext context, RequestDelegate next)
    {
        if (context.Request.Headers.Authorization == "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{User}:{Password}")))
            return next(context);
        context.Response.StatusCode = 401;
        return Task.CompletedTask;
    }

    private IResult Show() => Results.Content(new JsonObject
    {
        ["@odata.type"] = "#ComputerSystem.v1_20_0.ComputerSystem",
        ["@odata.id"] = System,
        ["Id"] = "1",
        ["PowerState"] = IsOn ? "On" : "Off",
        ["Actions"] = new JsonObject
        {
            ["#ComputerSystem.Reset"] = new JsonObject
            {
                ["target"] = System + "/Actions/ComputerSystem.Reset", ["ResetType@Redfish.AllowableValues"] = new JsonArray("On", "ForceOff", "GracefulShutdown"),
            },
        },
    }.ToJsonString(), "application/json");

    private async Task<IResult> Reset(HttpRequest request)
    {
        if ((await JsonNode.ParseAsync(request.Body))?["ResetType"]?.GetValue<string>() != "ForceOff")
            return Results.StatusCode(400);
        Resets++;
        if (!IsDeaf)
            LosePower();
        return Results.NoContent();
    }

    private static X509Certificate2 NewCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=bmc", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var now = TimeProvider.System.GetUtcNow();
        using var made = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
    }
}
