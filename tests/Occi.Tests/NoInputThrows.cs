using CsCheck;
using Occi.Infrastructure;

namespace Occi.Tests;

/// <summary>Random and mutated input: every reader, and the check of whatever could be read, answers with a value or an error.</summary>
public sealed class NoInputThrows
{
    private const long Iterations = 100_000;

    private static readonly string[] Bodies =
    [
        Samples.Writer.Entity(Samples.Worker, Rendering.TextPlain).Body,
        Samples.Writer.Entity(Samples.Worker, Rendering.Json).Body,
        Samples.Writer.Categories([Storage.Kind, Samples.Jammy, Compute.Stop], Rendering.TextPlain).Body,
        Samples.Writer.Categories([Storage.Kind, Samples.Jammy, Compute.Stop], Rendering.Json).Body,
        Samples.Writer.Entities([Samples.Worker], Rendering.Json).Body,
        Samples.Writer.Invocation(new Invocation(Compute.Stop.Id, Samples.Values((Compute.StopMethod, "acpioff"))), Rendering.Json).Body,
    ];

    private static readonly IReadOnlyList<KeyValuePair<string, string>> Headers = Samples.Writer.Entity(Samples.Worker, Rendering.TextOcci).Fields;

    private static readonly Gen<char> Nasty = Gen.OneOf(Gen.Char["\0\r\n\t \"\\,;:=<>{}[]#?/0123456789eE+-.truefalsnacpioxm\ud800\udc00é"], Gen.Char);
    private static readonly Gen<string> Noise = Nasty.Array[0, 60].Select(c => new string(c));

    [Fact]
    public void Noise_in_a_body() => Noise.Sample(text => Everything([], text), iter: Iterations);

    [Fact]
    public void Noise_in_a_header() =>
        Gen.Select(Gen.OneOfConst("Category", "Link", "X-OCCI-Attribute", "x_occi_location", "Other"), Noise)
            .Sample((name, text) => Everything([KeyValuePair.Create(name, text)], ""), iter: Iterations);

    [Fact]
    public void Noise_after_a_field_s_name() =>
        Gen.Select(Gen.OneOfConst("Category: a; scheme=\"http://x/y#\"", "Link: <", "X-OCCI-Attribute: a=", "X-OCCI-Location: "), Noise)
            .Sample((start, text) => Everything([], start + text), iter: Iterations);

    [Fact]
    public void Mutated_bodies() =>
        Gen.Select(Gen.Int[0, Bodies.Length - 1], Gen.Select(Gen.Int[0, 4000], Gen.Int[0, 5], Noise).Array[1, 3])
            .Sample((which, cuts) => Everything([], Mutate(Bodies[which], cuts)), iter: Iterations);

    [Fact]
    public void Mutated_headers() =>
        Gen.Select(Gen.Int[0, Headers.Count - 1], Gen.Select(Gen.Int[0, 4000], Gen.Int[0, 5], Noise).Array[1, 3])
            .Sample((which, cuts) => Everything([KeyValuePair.Create(Headers[which].Key, Mutate(Headers[which].Value, cuts))], ""), iter: Iterations);

    [Theory]
    [InlineData("[")]
    [InlineData("{\"attributes\":")]
    public void Deep_json(string level) =>
        Assert.Contains("not JSON", OcciReader.Entities(Samples.Json(string.Concat(Enumerable.Repeat(level, 100_000)))).Error!.Message, StringComparison.Ordinal);

    private static string Mutate(string text, (int At, int Cut, string Insert)[] mutations)
    {
        foreach (var (at, cut, insert) in mutations)
        {
            var start = at % (text.Length + 1);
            text = text.Remove(start, Math.Min(cut, text.Length - start)).Insert(start, cut == 5 ? insert : insert.Length > 0 ? insert[..1] : "");
        }
        return text;
    }

    private static void Everything(IReadOnlyList<KeyValuePair<string, string>> header, string body)
    {
        _ = OcciReader.Filter(header);
        foreach (var rendering in header.Count > 0 ? [Rendering.TextOcci] : (Rendering[])[Rendering.TextPlain, Rendering.Json, Rendering.UriList])
        {
            var message = new Message(rendering, header, body);
            _ = (OcciReader.Categories(message), OcciReader.Locations(message));
            if (OcciReader.Invocation(message) is { Ok: true, Value: { } invocation })
                _ = Check.Invocation(Compute.Stop, invocation with { Action = Compute.Stop.Id });
            var read = OcciReader.Entities(message);
            Assert.True(read.Ok || read.Error!.At >= 0);
            foreach (var entity in read.Ok ? read.Value! : [])
            {
                _ = Check.Entity(Samples.Catalogue, entity, Purpose.Create);
                _ = Check.Entity(Samples.Catalogue, entity, Purpose.Update, Samples.Worker);
                _ = Samples.Writer.Entity(entity, body.Length % 2 == 0 ? Rendering.TextOcci : Rendering.Json);
            }
        }
    }
}
