using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Controller.Cli.Local;

namespace Controller.Cli.Operators;

/// <summary><c>controller host set</c></summary>
internal static class HostSetCommand
{
    private const string Back = "default";
    private const decimal Gibibyte = 1L << 30;

    public static Command Create()
    {
        var id = HostCommand.Name();
        var (name, zone) = (Option("--name", "NAME", "What people call it."), Option("--zone", "ZONE", "Its availability zone, which is a mixin then; none: in none."));
        (Option<string?> Option, string Member, decimal Unit)[] numbers =
        [
            (Option("--cores-ratio", "RATIO", "Virtual cores per core; default: as the silo's settings say, here and below."), "coresRatio", 0),
            (Option("--memory-ratio", "RATIO", "Memory of machines per memory of the host."), "memoryRatio", 0),
            (Option("--disk-ratio", "RATIO", "Sizes of volumes per size of the pool."), "diskRatio", 0),
            (Option("--reserve-cores", "N", "Cores kept for the host itself."), "reservedCores", 1),
            (Option("--reserve-memory", "GIB", "Memory kept for the host itself."), "reservedMemoryBytes", Gibibyte),
            (Option("--reserve-disk", "GIB", "Disk kept for the host itself."), "reservedDiskBytes", Gibibyte),
        ];
        var command = new Command("set", "Changes what an operator decides of a host; what is not named stays.") { id, name, zone };
        foreach (var (option, _, _) in numbers)
            command.Add(option);
        command.SetAction(async (parse, cancel) =>
        {
            var change = new JsonObject();
            if (parse.GetValue(name) is { } called)
                change["name"] = called;
            if (parse.GetValue(zone) is { } zoned)
                change["zone"] = zoned == "none" ? null : zoned;
            foreach (var (option, member, unit) in numbers)
            {
                if (parse.GetValue(option) is { } text)
                    change[member] = Number(option.Name, text, unit);
            }
            if (change.Count == 0)
                throw new CliException("what shall be set? Name at least one option", ExitCode.Usage);
            using var api = Connection.Api(parse);
            var host = await api.Json(HttpMethod.Patch, await HostCommand.PathOf(api, parse.GetRequiredValue(id), cancel), change, cancel);
            Console.Write(HostText.Of(host!));   // it was found
            return ExitCode.Ok;
        });
        return command;
    }

    /// <summary>A number in its unit (0: a ratio), or null for the default.</summary>
    internal static JsonValue? Number(string option, string text, decimal unit) =>
        text == Back ? null
        : !decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            ? throw new CliException($"{option} takes a number or \"{Back}\", and this is \"{text}\"", ExitCode.Usage)
        : unit == 0 ? JsonValue.Create(number) : JsonValue.Create((long)(number * unit));

    private static Option<string?> Option(string name, string help, string description) => new(name) { Description = description, HelpName = help };
}
