using System.Text;
using Controller.Api.Admin;
using Controller.Api.Entities;
using Controller.Api.Http;
using Controller.Api.Identity;
using Controller.Api.Inventory;
using Controller.Contracts;
using Microsoft.AspNetCore.Http;
using Occi;

namespace Controller.Api.Tests;

public sealed class RequestPartsTests
{
    [Theory]
    [InlineData("?page=2&number=10", 2, 10)]
    [InlineData("?page=2;number=10", 2, 10)]
    [InlineData("?number=1000&page=99999999999999999999", int.MaxValue, 1000)]
    public void A_page_has_a_number_and_a_size(string query, int page, int size) =>
        Assert.Equal((new Page(page, size), null), Page.Parse(new QueryArguments(query), 1000));

    [Theory]
    [InlineData("?page=1", 400)]
    [InlineData("?number=1", 400)]
    [InlineData("?page=0&number=1", 400)]
    [InlineData("?page=1&number=0", 400)]
    [InlineData("?page=x&number=1", 400)]
    [InlineData("?page=-1&number=1", 400)]
    [InlineData("?page=1.5&number=1", 400)]
    [InlineData("?page=&number=1", 400)]
    [InlineData("?page=1&number=1001", 413)]
    public void Other_pages_are_refused(string query, int status) => Assert.Equal(status, Page.Parse(new QueryArguments(query), 1000).Problem?.Type.Status);

    [Fact]
    public void Without_paging_there_is_no_page() => Assert.Equal((null, null), Page.Parse(new QueryArguments("?action=start"), 1000));

    [Fact]
    public void The_last_page_number_does_not_overflow() => Assert.Equal(2147483646L * 1000, new Page(int.MaxValue, 1000).Offset);

    [Theory]
    [InlineData("Authorization", "Bearer s3cret", "s3cret")]
    [InlineData("Authorization", "bearer  s3cret ", "s3cret")]
    [InlineData("Authorization", "Basic bWU6czNjcmV0", "s3cret")]
    [InlineData("Authorization", "Basic OmE6Yg==", "a:b")]
    [InlineData("X-Auth-Token", "s3cret", "s3cret")]
    [InlineData("Authorization", "Bearer ", null)]
    [InlineData("Authorization", "Basic !!!", null)]
    [InlineData("Authorization", "Basic bWU=", null)]
    [InlineData("Authorization", "Digest x", null)]
    [InlineData("X-Auth-Token", "", null)]
    [InlineData("Cookie", "s3cret", null)]
    public void The_token_is_found_wherever_clients_put_it(string header, string value, string? secret) =>
        Assert.Equal(secret, Credentials.SecretIn(new HeaderDictionary { [header] = value }));

    [Fact]
    public void A_token_is_known_by_its_sha256() =>
        Assert.Equal("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", Credentials.HashOf("abc"));

    [Theory]
    [InlineData("urn:uuid:0b7a1f0e-6f0f-4f0e-9d6c-2f5b5c7d9e11", true)]
    [InlineData("URN:UUID:0B7A1F0E-6F0F-4F0E-9D6C-2F5B5C7D9E11", true)]
    [InlineData("0b7a1f0e-6f0f-4f0e-9d6c-2f5b5c7d9e11", true)]
    [InlineData("im-0b7a1f0e", false)]
    [InlineData("Storagelink_1700000000", false)]
    [InlineData("00000000-0000-0000-0000-000000000000", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void An_id_is_a_uuid_with_or_without_its_urn(string? text, bool ok) => Assert.Equal(ok, EntityIds.TryParse(text, out _));

    [Fact]
    public void A_qcow2_header_tells_the_size_that_the_guest_sees_and_what_other_file_it_needs()
    {
        var head = new byte[104];
        new byte[] { 0x51, 0x46, 0x49, 0xfb, 0, 0, 0, 3 }.CopyTo(head, 0);
        head[27] = 2;
        Assert.Equal((2L << 32, null), Qcow2Header.Read(head));
        Assert.Contains("no qcow2", Qcow2Header.Read(head.AsSpan(0, 31)).Why, StringComparison.Ordinal);
        Assert.Contains("no qcow2", Qcow2Header.Read(new byte[104]).Why, StringComparison.Ordinal);
        head[79] = 4;
        Assert.Contains("data in another file", Qcow2Header.Read(head).Why, StringComparison.Ordinal);
        head[15] = 104;
        Assert.Contains("backing file", Qcow2Header.Read(head).Why, StringComparison.Ordinal);
        head[7] = 9;
        Assert.Contains("version 9", Qcow2Header.Read(head).Why, StringComparison.Ordinal);
    }

    [Fact]
    public void A_join_token_is_base64url_of_its_content()
    {
        var text = JoinTokens.TextOf(new(["10.0.0.1:9443"], "ab", "s"));
        Assert.StartsWith("cjt1.", text, StringComparison.Ordinal);
        Assert.Equal(
            """{"e":["10.0.0.1:9443"],"f":"ab","s":"s"}""",
            Encoding.UTF8.GetString(System.Buffers.Text.Base64Url.DecodeFromChars(text.AsSpan(5))));
    }

    [Theory]
    [InlineData("/-/", typeof(Target.QueryInterface))]
    [InlineData("/.well-known/org/ogf/occi/-/", typeof(Target.QueryInterface))]
    [InlineData("/compute/", typeof(Target.KindCollection))]
    [InlineData("/compute", typeof(Target.KindCollection))]
    [InlineData("/mixin/os_tpl/", typeof(Target.MixinCollection))]
    [InlineData("/compute/0b7a1f0e-6f0f-4f0e-9d6c-2f5b5c7d9e11", typeof(Target.Entity))]
    [InlineData("/compute/vm1", typeof(Target.NoEntity))]
    [InlineData("/", typeof(Target.Unbound))]
    [InlineData("/mixin/", typeof(Target.Unbound))]
    [InlineData("/compute/0b7a1f0e-6f0f-4f0e-9d6c-2f5b5c7d9e11/", null)]
    [InlineData("/nothing", null)]
    [InlineData("/compute//", null)]
    public void A_url_is_of_one_sort(string path, Type? sort) => Assert.Equal(sort, Target.Of(path, StandardModel.Catalogue)?.GetType());
}
