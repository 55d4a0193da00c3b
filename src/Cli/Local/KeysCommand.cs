using System.CommandLine;
using Controller.Cli.Local.Steps;

namespace Controller.Cli.Local;

/// <summary><c>controller keys</c>: what a control plane that is installed, and not brought up by <c>controller up</c>, begins with.</summary>
internal static class KeysCommand
{
    public static Command Create()
    {
        var directory = new Argument<string>("directory") { Description = "Where to; made if it is missing." };
        var names = new Option<string[]>("--name")
        {
            Description = "Name or IP address that clients use for the API, for its HTTPS certificate; may be repeated.", HelpName = "NAME", AllowMultipleArgumentsPerToken = true,
        };
        var command = new Command("keys", "Makes a control plane's certificate authority, its certificates and the first administrator's token, where they are missing.") { directory, names };
        command.SetAction(parse =>
        {
            var path = Path.GetFullPath(parse.GetRequiredValue(directory));
            if (!Directory.Exists(path))
                Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            Console.WriteLine(Keys.Ensure(new(path, Path.Combine(path, "admin.token")), parse.GetValue(names) ?? [], TimeProvider.System));
            return ExitCode.Ok;
        });
        return command;
    }
}
