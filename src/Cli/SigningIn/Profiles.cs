using System.Text.Json;
using System.Text.Json.Nodes;
using Controller.Cli.Local;

namespace Controller.Cli.SigningIn;

/// <summary>
/// A cloud that one is signed in to. <see cref="Token"/>: null where <see cref="Files"/> have a certificate that says who it is. <see cref="TokenId"/>: of a token that "login" has made, and "logout"
/// takes back.
/// </summary>
internal sealed record Profile(string Name, string Endpoint, string? Token, string? TokenId, string? Project, TlsFiles Files);

/// <summary>The clouds that one is signed in to: <c>~/.config/controller/profiles.json</c>, for nobody else to read.</summary>
internal static class Profiles
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private static string Folder => Path.Combine(
        Environment.GetEnvironmentVariable("XDG_CONFIG_HOME") is { Length: > 0 } config ? config : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".config"), "controller");

    public static string File => Path.Combine(Folder, "profiles.json");

    /// <summary>The profile that is used where none is named; null: there is none.</summary>
    public static string? Current => Read()["current"]?.GetValue<string>();

    public static IReadOnlyList<Profile> All => [.. (Read()["profiles"] as JsonObject ?? []).Select(p => Of(p.Key, p.Value as JsonObject ?? []))];

    public static Profile? Find(string name) => All.FirstOrDefault(p => p.Name == name);

    /// <summary>Keeps a profile; it is the one that is used from now on.</summary>
    public static void Keep(Profile profile)
    {
        var all = Read();
        var profiles = all["profiles"] as JsonObject ?? [];
        profiles[profile.Name] = new JsonObject
        {
            ["endpoint"] = profile.Endpoint, ["token"] = profile.Token, ["tokenId"] = profile.TokenId, ["project"] = profile.Project,
            ["certificate"] = profile.Files.Certificate, ["certificateKey"] = profile.Files.Key, ["authorities"] = profile.Files.Authorities,
        };
        Write(profile.Name, profiles);
    }

    /// <summary>That one is used from now on.</summary>
    public static void Use(string name) => Write(name, Read()["profiles"] as JsonObject ?? []);

    public static void Remove(string name)
    {
        var all = Read();
        var profiles = all["profiles"] as JsonObject ?? [];
        profiles.Remove(name);
        Write(all["current"]?.GetValue<string>() == name ? null : all["current"]?.GetValue<string>(), profiles);
    }

    private static void Write(string? current, JsonObject profiles)
    {
        Directory.CreateDirectory(Folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        SafeFile.Write(File, new JsonObject { ["current"] = current, ["profiles"] = profiles.DeepClone() }.ToJsonString(Indented) + "\n", SafeFile.Private);
    }

    private static JsonObject Read()
    {
        try
        {
            return SafeFile.Read(File) is { Length: > 0 } text ? JsonNode.Parse(text) as JsonObject ?? [] : [];
        }
        catch (JsonException e)
        {
            throw new CliException($"{File} can't be read: {e.Message}. Remove it and sign in again with \"controller login\"");
        }
    }

    private static Profile Of(string name, JsonObject p) =>
        new(
            name, Text(p, "endpoint") ?? "", Text(p, "token"), Text(p, "tokenId"), Text(p, "project"), new(Text(p, "certificate"), Text(p, "certificateKey"), Text(p, "authorities")));

    private static string? Text(JsonObject of, string name) => of[name]?.GetValue<string>();
}
