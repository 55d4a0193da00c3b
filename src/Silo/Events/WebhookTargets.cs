using System.Net;
using System.Net.Sockets;
using Controller.Silo.Outward;

namespace Controller.Silo.Events;

/// <summary>A webhook leads somewhere where nothing of ours may go.</summary>
internal sealed class ForbiddenTargetException(string message) : Exception(message);

/// <summary>
/// Where webhooks may lead. Tenants choose the URL and the control plane goes there, so it goes to public addresses only, and where an operator allows it. The address that is connected to is
/// the one that is judged: a name that resolves differently the second time changes nothing. Redirects are not followed, and what is answered is not read.
/// </summary>
internal sealed class WebhookTargets(WebhookOptions options)
{
    private const int LongestUrl = 2048;
    private readonly IPNetwork[] _allowed = [.. options.AllowedNetworks.Select(IPNetwork.Parse)];

    /// <summary>Why nothing may be sent there; null: as far as the URL tells, it may.</summary>
    public string? Refusal(string text)
    {
        if (text.Length > LongestUrl || !Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https") || url.UserInfo.Length > 0 || url.Fragment.Length > 0)
            return $"url must be an https URL of at most {LongestUrl} characters, without a user name and without a fragment.";
        if (url.Scheme == "http" && !options.AllowHttp)
            return "url must be an https URL: what is told by http others can read (an operator may allow it: Webhooks:AllowHttp).";
        return IPAddress.TryParse(url.IdnHost.Trim('[', ']'), out var address) && !MayGo(address) ? Forbidden(url.IdnHost) : null;
    }

    /// <summary>For the deliveries of one webhook.</summary>
    public HttpClient Client() => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseProxy = false,
        UseCookies = false,
        PooledConnectionLifetime = TimeSpan.FromMinutes(1),
        ConnectTimeout = options.Timeout,
        MaxResponseHeadersLength = 64,
        ActivityHeadersPropagator = null,   // a trace of ours is nobody else's
        ConnectCallback = Connect,
    })
    {
        Timeout = options.Timeout,
    };

    private async ValueTask<Stream> Connect(SocketsHttpConnectionContext context, CancellationToken cancel)
    {
        var host = context.DnsEndPoint.Host;
        var addresses = IPAddress.TryParse(host, out var literal) ? [literal] : await Resolve(host, cancel);
        // One that leads inside, and all are suspect: which of them is taken would be chance.
        if (addresses.Length == 0 || !addresses.All(MayGo))
            throw new ForbiddenTargetException(Forbidden(host));
        return await OutwardConnection.To(addresses, context.DnsEndPoint.Port, cancel);
    }

    /// <summary>None: there is no such name. That is refused in the same words as one that leads inside: which names there are inside is nobody's business outside.</summary>
    private static async Task<IPAddress[]> Resolve(string host, CancellationToken cancel)
    {
        try
        {
            return await Dns.GetHostAddressesAsync(host, cancel);
        }
        catch (SocketException)
        {
            return [];
        }
    }

    private bool MayGo(IPAddress address) => PublicAddresses.Contain(address) || _allowed.Any(n => n.Contains(PublicAddresses.Plain(address)));

    // Not which address it is: that would be news of the network inside.
    private static string Forbidden(string host) => $"{host} leads to no public address: webhooks do not lead into inner networks (an operator may allow some: Webhooks:AllowedNetworks).";
}
