using System.Collections.Concurrent;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Controller.Api.Tests.Telemetry;

/// <summary>A span as it was exported. Ids are lower-case hex; <see cref="Parent"/> is empty for a root.</summary>
internal sealed record ExportedSpan(string Service, string Name, string Trace, string Id, string Parent);

/// <summary>An OTLP collector, as far as a test needs one: it takes everything over HTTP and reads the spans.</summary>
internal sealed class Collector : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<ExportedSpan> _spans = new();

    private Collector()
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        _app.MapPost("/v1/{signal}", Receive);
    }

    public string Url => _app.Urls.First();

    public IReadOnlyCollection<ExportedSpan> Spans => _spans;

    /// <summary>Everything that was sent, as it came.</summary>
    public ConcurrentQueue<byte[]> Bodies { get; } = new();

    public ConcurrentDictionary<string, bool> Signals { get; } = new();

    public static async Task<Collector> Start()
    {
        var collector = new Collector();
        await collector._app.StartAsync();
        return collector;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task<IResult> Receive(string signal, HttpRequest request)
    {
        var body = new MemoryStream();
        await request.Body.CopyToAsync(body);
        Signals[signal] = true;
        Bodies.Enqueue(body.ToArray());
        if (signal == "traces")
        {
            foreach (var span in SpansIn(body.ToArray()))
                _spans.Enqueue(span);
        }
        return Results.Bytes([], "application/x-protobuf");   // an empty answer: all accepted
    }

    // opentelemetry/proto/collector/trace/v1: request → 1 resource_spans → 1 resource → 1 attributes; 2 scope_spans → 2 spans.
    private static IEnumerable<ExportedSpan> SpansIn(byte[] request) =>
        from resourceSpans in Fields(request, 1)
        let service = (
            from resource in Fields(resourceSpans, 1)
            from attribute in Fields(resource, 1)
            where Fields(attribute, 1).Single().ToStringUtf8() == "service.name"
            select Fields(Fields(attribute, 2).Single(), 1).Single().ToStringUtf8()).Single()
        from scopeSpans in Fields(resourceSpans, 2)
        from span in Fields(scopeSpans, 2)
        select new ExportedSpan(service, Fields(span, 5).Single().ToStringUtf8(), Hex(span, 1), Hex(span, 2), Hex(span, 4));

    private static string Hex(ByteString message, int field) => Convert.ToHexStringLower(Fields(message, field).SingleOrDefault(ByteString.Empty).Span);

    private static List<ByteString> Fields(byte[] message, int number) => Fields(ByteString.CopyFrom(message), number);

    /// <summary>A message's length-delimited fields of that number.</summary>
    private static List<ByteString> Fields(ByteString message, int number)
    {
        var input = message.CreateCodedInput();
        var found = new List<ByteString>();
        for (uint tag; (tag = input.ReadTag()) != 0;)
        {
            if (tag == WireFormat.MakeTag(number, WireFormat.WireType.LengthDelimited))
                found.Add(input.ReadBytes());
            else
                input.SkipLastField();
        }
        return found;
    }
}
