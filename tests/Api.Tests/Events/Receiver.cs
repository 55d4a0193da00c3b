using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Controller.Api.Tests.Events;

/// <summary>What a webhook leads to: takes what is sent, or does not.</summary>
internal sealed class Receiver : IAsyncDisposable
{
    private readonly WebApplication _app;

    private Receiver(Func<Taken, int> answer, Func<Task> answerAfter)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        _app.MapPost("/{**path}", async (HttpContext http) =>
        {
            using var body = new MemoryStream();
            await http.Request.Body.CopyToAsync(body);
            var taken = new Taken(
                http.Request.Headers["webhook-id"].ToString(), http.Request.Headers["webhook-timestamp"].ToString(), http.Request.Headers["webhook-signature"].ToString(), body.ToArray(),
                string.Join('\n', http.Request.Headers.Select(h => $"{h.Key}: {h.Value}")));
            All.Enqueue(taken);
            await answerAfter();
            http.Response.StatusCode = answer(taken);
            if (http.Response.StatusCode is 301 or 307)
                http.Response.Headers.Location = "http://127.0.0.1:1/elsewhere";
            await http.Response.WriteAsync("this is not read");
        });
    }

    public string Url => _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single() + "/hook";

    /// <summary>Every delivery, also those that were not taken.</summary>
    public ConcurrentQueue<Taken> All { get; } = new();

    public static async Task<Receiver> Start(Func<Taken, int>? answer = null, Func<Task>? answerAfter = null)
    {
        var receiver = new Receiver(answer ?? (_ => 204), answerAfter ?? (() => Task.CompletedTask));
        await receiver._app.StartAsync();
        return receiver;
    }

    public async ValueTask DisposeAsync()
    {
        using var hurry = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        await _app.StopAsync(hurry.Token);
        await _app.DisposeAsync();
    }

    internal sealed record Taken(string Id, string Timestamp, string Signature, byte[] Body, string Headers)
    {
        public Heard Event => new(JsonDocument.Parse(Body).RootElement);

        /// <summary>Whether it is signed with that secret: as docs/events.md tells receivers to look.</summary>
        public bool IsSignedWith(string secret)
        {
            var key = Convert.FromBase64String(secret["whsec_".Length..]);
            var expected = "v1," + Convert.ToBase64String(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes($"{Id}.{Timestamp}.{Encoding.UTF8.GetString(Body)}")));
            return Signature.Split(' ').Contains(expected);
        }
    }
}
