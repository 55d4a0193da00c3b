using System.Diagnostics;

namespace Controller.Crash.Tests.Harness;

internal static class Programs
{
    /// <summary>How to start a program that lies beside the tests, with their copy of its libraries.</summary>
    public static ProcessStartInfo Beside(string program, IEnumerable<string> arguments)
    {
        string Here(string file) => Path.Combine(AppContext.BaseDirectory, file);
        var runtime = Path.GetDirectoryName(typeof(object).Assembly.Location)!;   // …/shared/Microsoft.NETCore.App/version
        return new(
            Path.Combine(runtime, "../../../dotnet"),
            ["exec", "--depsfile", Here("Crash.Tests.deps.json"), "--runtimeconfig", Here("Crash.Tests.runtimeconfig.json"), Here(program), .. arguments]);
    }
}
