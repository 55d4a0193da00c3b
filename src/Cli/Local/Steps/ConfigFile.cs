using System.Text.Json;
using System.Text.Json.Nodes;

namespace Controller.Cli.Local.Steps;

/// <summary>Writes a process's configuration, which it reads by CONTROLLER_CONFIG. Private: a log or a list of processes shows none of it.</summary>
internal static class ConfigFile
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>Writes it; the environment of the process.</summary>
    public static Dictionary<string, string> Write(DataDirectory data, string name, JsonObject settings)
    {
        var path = Path.Combine(data.Config, name + ".json");
        SafeFile.Write(path, settings.ToJsonString(Indented) + "\n", SafeFile.Private);
        return new() { ["CONTROLLER_CONFIG"] = path, ["DOTNET_gcServer"] = "0" };
    }
}
