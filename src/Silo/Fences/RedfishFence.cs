using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Controller.Contracts;
using Controller.Grains.Availability;

namespace Controller.Silo.Fences;

/// <summary>
/// A BMC that speaks Redfish (DMTF DSP0266): the <c>PowerState</c> of a ComputerSystem, and its action <c>ComputerSystem.Reset</c> with <c>ForceOff</c>. Basic authentication, which every
/// Redfish service has to offer (DSP0266 §13.3.1).
/// </summary>
internal sealed class RedfishFence : IFence
{
    private const long MostBytes = 1 << 20;

    public string Driver => "redfish";

    public string? Refusal(FenceSettings fence) =>
        !Uri.TryCreate(fence.Address, UriKind.Absolute, out var uri) || uri.Scheme is not ("https" or "http") || uri.AbsolutePath.Length < 2
            ? $"The fence \"redfish\" wants the address of a computer system, like https://bmc/redfish/v1/Systems/1, and found \"{fence.Address}\"."
        : uri.Scheme == "http" && fence.User.Length > 0 && !uri.IsLoopback
            ? $"A password is not sent over http: the fence's address must begin with https, and is {fence.Address}."
        : null;

    public async Task<(PowerState Power, string? Why)> Look(FenceTarget target, CancellationToken cancel)
    {
        using var client = Client(target.Fence);
        using var system = await Read(client, new(target.Fence.Address), cancel);
        var state = system.RootElement.TryGetProperty("PowerState", out var found) ? found.GetString() : null;
        // PoweringOff and PoweringOn are on (Resource.PowerState).
        return state switch
        {
            "Off" => (PowerState.Off, null),
            "On" or "PoweringOff" or "PoweringOn" or "Paused" => (PowerState.On, $"PowerState is {state}."),
            _ => (PowerState.Unknown, $"PowerState is \"{state}\"."),
        };
    }

    public async Task SwitchOff(FenceTarget target, CancellationToken cancel)
    {
        using var client = Client(target.Fence);
        var address = new Uri(target.Fence.Address);
        using var system = await Read(client, address, cancel);
        var reset = system.RootElement.TryGetProperty("Actions", out var actions) && actions.TryGetProperty("#ComputerSystem.Reset", out var action)
            && action.TryGetProperty("target", out var path) ? path.GetString() : null;
        if (reset is null || !Uri.TryCreate(address, reset, out var where) || where.Authority != address.Authority)
            throw new FenceException($"{address} offers no action ComputerSystem.Reset of its own.");
        using var body = new StringContent("""{"ResetType":"ForceOff"}""", Encoding.UTF8, "application/json");
        using var answer = await Ask(() => client.PostAsync(where, body, cancel), where, cancel);
    }

    private static async Task<JsonDocument> Read(HttpClient client, Uri address, CancellationToken cancel)
    {
        using var answer = await Ask(() => client.GetAsync(address, cancel), address, cancel);
        try
        {
            return JsonDocument.Parse(await answer.Content.ReadAsByteArrayAsync(cancel));
        }
        catch (JsonException e)
        {
            throw new FenceException($"{address} did not answer with JSON.", e);
        }
    }

    private static async Task<HttpResponseMessage> Ask(Func<Task<HttpResponseMessage>> ask, Uri address, CancellationToken cancel)
    {
        try
        {
            var answer = await ask();
            if (answer.IsSuccessStatusCode)
                return answer;
            using (answer)
                throw new FenceException($"{address} answered {(int)answer.StatusCode}.");
        }
        catch (HttpRequestException e)
        {
            throw new FenceException($"{address} could not be asked: {(e.InnerException ?? e).Message}", e);
        }
        catch (TaskCanceledException e) when (!cancel.IsCancellationRequested)
        {
            throw new FenceException($"{address} did not answer.", e);
        }
    }

    private static HttpClient Client(FenceSettings fence)
    {
        var tls = new SslClientAuthenticationOptions();
        try
        {
            if (fence.AuthorityFile.Length > 0)
            {
                tls.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
                tls.CertificateChainPolicy.CustomTrustStore.ImportFromPemFile(fence.AuthorityFile);
            }
            var client = new HttpClient(new SocketsHttpHandler { SslOptions = tls, AllowAutoRedirect = false, UseProxy = false }) { MaxResponseContentBufferSize = MostBytes };
            if (fence.User.Length > 0)
            {
                var password = fence.PasswordFile.Length == 0 ? "" : File.ReadAllText(fence.PasswordFile).TrimEnd('\n', '\r');
                client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{fence.User}:{password}")));
            }
            return client;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or System.Security.Cryptography.CryptographicException)
        {
            throw new FenceException($"A file of the fence cannot be read: {e.Message}", e);
        }
    }
}
