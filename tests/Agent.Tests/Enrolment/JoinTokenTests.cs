using System.Buffers.Text;
using System.Text;
using Controller.Agent.Enrolment;
using CsCheck;

namespace Controller.Agent.Tests.Enrolment;

public sealed class JoinTokenTests
{
    private static readonly string Fingerprint = new('a', 64);

    [Fact]
    public void A_token_reads_back_as_it_was_written() =>
        Gen.Select(Gen.String.Where(s => s.Length > 0 && !s.Any(char.IsSurrogate)), Gen.UShort[1, ushort.MaxValue]).Sample((secret, port) =>
        {
            var read = JoinToken.Parse(new JoinToken([$"10.0.0.1:{port}", $"[::1]:{port}"], Fingerprint, secret).Format());
            Assert.Equal((secret, Fingerprint), (read.Secret, read.Fingerprint));
            Assert.Equal([$"10.0.0.1:{port}", $"[::1]:{port}"], read.Endpoints);
        });

    [Fact]
    public void A_token_does_not_print_its_secret() =>
        Assert.DoesNotContain("hush", new JoinToken(["a:1"], Fingerprint, "hush").ToString(), StringComparison.Ordinal);

    [Theory]
    [InlineData("", "begins with")]
    [InlineData("cjt2.e30", "begins with")]
    [InlineData("cjt1.!!!", "damaged")]
    [InlineData("cjt1.AAAA", "damaged")]
    public void Says_what_is_wrong(string token, string why) =>
        Assert.Contains(why, Assert.Throws<EnrolmentException>(() => JoinToken.Parse(token)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("""{"e":[],"f":"F","s":"x"}""", "no gateway")]
    [InlineData("""{"e":["nowhere"],"f":"F","s":"x"}""", "no gateway")]
    [InlineData("""{"e":["https://a:1"],"f":"F","s":"x"}""", "no gateway")]
    [InlineData("""{"e":["a:1"],"f":"F","s":""}""", "no secret")]
    [InlineData("""{"e":["a:1"],"f":"abc","s":"x"}""", "fingerprint")]
    [InlineData("""{"e":["a:1"],"s":"x"}""", "fingerprint")]
    public void Says_what_is_missing(string json, string why)
    {
        var token = JoinToken.Prefix + Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json.Replace("\"F\"", $"\"{Fingerprint}\"", StringComparison.Ordinal)));
        Assert.Contains(why, Assert.Throws<EnrolmentException>(() => JoinToken.Parse(token)).Message, StringComparison.Ordinal);
    }
}
